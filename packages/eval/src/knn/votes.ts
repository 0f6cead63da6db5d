import type { Neighbours } from '@selfsup/engine/nearest-neighbours';

/** Classes of each image in the order of their votes, equal ones in the order of the classes. */
export interface VoteRanking {
  /** The class with the most votes, `[images]`. */
  readonly first: Int32Array;
  /** The place of these classes `[images]` in their image's order, counted from 0. */
  rankOf(labels: Int32Array): Int32Array;
}

/**
 * Lets the first `k` neighbours of each image vote for their class. `labels`: classes of the rows that neighbours are
 * rows of; `weight`: what a neighbour's vote counts, by its similarity.
 */
export function rankByVotes(
  neighbours: Neighbours,
  k: number,
  labels: Int32Array,
  classes: number,
  weight: (similarity: number) => number,
): VoteRanking {
  const images = neighbours.indices.length / neighbours.k;
  const votes = new Float64Array(images * classes);
  const first = new Int32Array(images);
  for (let image = 0; image < images; image++) {
    const row = votes.subarray(image * classes, (image + 1) * classes);
    for (let i = image * neighbours.k; i < image * neighbours.k + k; i++) {
      const label = labels[neighbours.indices[i] as number] as number;
      row[label] = (row[label] as number) + weight(neighbours.values[i] as number);
    }
    first[image] = row.indexOf(row.reduce((a, b) => Math.max(a, b), 0));
  }
  const rankOf = (wanted: Int32Array): Int32Array =>
    wanted.map((label, image) => {
      const row = votes.subarray(image * classes, (image + 1) * classes);
      const own = row[label] as number;
      return row.reduce((rank, value, other) => (value > own || (value === own && other < label) ? rank + 1 : rank), 0);
    });
  return { first, rankOf };
}
