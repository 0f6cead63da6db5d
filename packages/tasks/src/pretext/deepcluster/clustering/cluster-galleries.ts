import type { Dataset } from '@selfsup/data/dataset';
import { pictureSheet } from '@selfsup/data/pictures';
import { deriveKey, permutation, type RandomKey } from '@selfsup/kit/random';
import type { Picture } from '@selfsup/report/figures/pictures';
import type { PseudoLabels } from './pseudo-labels.ts';

/** Clusters that are shown, and images of each. */
const CLUSTERS = 10;
const IMAGES = 10;

export interface GallerySource {
  readonly dataset: Dataset;
  readonly split: string;
  /** Indices into the split by place. */
  readonly indices: Uint32Array;
  readonly clusters: PseudoLabels;
  /** Squared distance of each place's features to their centroid. */
  readonly distances: Float32Array;
  readonly key: RandomKey;
}

/** A cluster and places of some of its members. */
interface Gallery {
  /** Place in the list of clusters that have members. */
  readonly cluster: number;
  readonly size: number;
  readonly places: readonly number[];
}

/**
 * Members of some clusters, which are spread over all sizes from the largest to the smallest: those nearest to the
 * centroid, the nearest first, or drawn at random.
 */
function galleries(
  { clusters, distances, key }: Pick<GallerySource, 'clusters' | 'distances' | 'key'>,
  which: 'nearest' | 'random',
): Gallery[] {
  const bySize = clusters.members
    .map((members, cluster) => ({ members, cluster }))
    .sort((a, b) => b.members.length - a.members.length || a.cluster - b.cluster);
  const shown = Math.min(CLUSTERS, bySize.length);
  return Array.from({ length: shown }, (_, row) => {
    const { members, cluster } = bySize[shown === 1 ? 0 : Math.round((row * (bySize.length - 1)) / (shown - 1))]!;
    const order =
      which === 'nearest'
        ? [...members].sort((a, b) => distances[a]! - distances[b]! || a - b)
        : [...permutation(deriveKey(key, cluster), members.length)].map((member) => members[member]!);
    return { cluster, size: members.length, places: order.slice(0, IMAGES) };
  });
}

/** Two sheets for the report: clusters by row, the members nearest to the centroid and random ones. */
export async function galleryPictures(source: GallerySource): Promise<Picture[]> {
  const { dataset, split, indices } = source;
  const sheet = async (which: 'nearest' | 'random', caption: string): Promise<Picture> => {
    const rows = galleries(source, which).map(({ size, places }) => ({
      name: `${size} images`,
      indices: places.map((place) => indices[place]!),
    }));
    return {
      image: await pictureSheet(dataset, split, rows),
      caption,
      alt: `${rows.length} clusters, a row of ${IMAGES} training images each. ${caption}`,
      group: 'Clusters of the trained encoder, from the largest to the smallest, one a row',
    };
  };
  return [await sheet('nearest', 'Members nearest to the centroid'), await sheet('random', 'Members drawn at random')];
}
