import { deriveKey, integer, permutation, type RandomKey } from '@selfsup/kit/random';

/**
 * Places of the images that an epoch draws, as many as there are images: ⌊images / clusters⌋ + 1 from each cluster,
 * with replacement where it has no more than that, in random order, cut to length (DeepCluster §3.3).
 * Without it, large clusters would make the rest invisible. Which images are left out by the cut is random.
 *
 * @param members `[images in each cluster]`, places of the images of each cluster that has any
 */
export function drawUniformly(members: readonly Uint32Array[], key: RandomKey): Uint32Array {
  const images = members.reduce((sum, { length }) => sum + length, 0);
  const quota = Math.floor(images / members.length) + 1;
  const drawn = new Uint32Array(quota * members.length);
  members.forEach((places, cluster) => {
    const own = deriveKey(key, 'cluster', cluster);
    const order = places.length > quota ? permutation(own, places.length) : undefined;
    for (let i = 0; i < quota; i++) {
      drawn[cluster * quota + i] = places[order === undefined ? integer(own, places.length, i) : order[i]!]!;
    }
  });
  const order = permutation(deriveKey(key, 'order'), drawn.length);
  return Uint32Array.from({ length: images }, (_, i) => drawn[order[i]!]!);
}

/**
 * What the authors' released code draws: the places of `drawUniformly` are read as places in the list of images sorted
 * by cluster, not in the dataset. Images and their labels still belong together, but a large cluster is drawn from
 * more often than a small one: in proportion to its size, roughly.
 */
export function drawAsReleased(members: readonly Uint32Array[], key: RandomKey): Uint32Array {
  const byCluster = new Uint32Array(members.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const places of members) {
    byCluster.set(places, filled);
    filled += places.length;
  }
  return drawUniformly(members, key).map((place) => byCluster[place]!);
}
