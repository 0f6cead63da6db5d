import type { Neighbours } from '@selfsup/numerics/nearest-neighbours';

/** How the neighbours of each image vote. */
export interface Voting {
  /** How many of the neighbours vote, the nearest ones. */
  readonly k: number;
  /** Classes of the rows that neighbours are rows of. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** Temperature, above 0: a neighbour of similarity s counts exp(s / sigma). Where absent each counts one. */
  readonly sigma?: number | undefined;
}

export interface Ranks {
  /** The class with the most votes, of equal ones the lower, `[images]`. */
  readonly first: Int32Array;
  /** Place of an image's own class among those with votes, counted from 0; Infinity where it has none. `[images]` */
  readonly own: Float64Array;
}

/**
 * Lets neighbours vote, and ranks the classes of each image by their votes. `truth`: the images' own classes, `[images]`.
 * Only classes that have a vote are ranked. Votes are compared by their logarithms, so that they neither overflow nor
 * vanish, however small `sigma` is.
 */
export function rankByVotes(neighbours: Neighbours, voting: Voting, truth: Int32Array): Ranks {
  const { k, labels, classes, sigma = 1 } = voting;
  const first = new Int32Array(truth.length);
  const own = new Float64Array(truth.length);
  /** By class: the greatest similarity of its voters, and the sum of their votes over that voter's, in [1, k]. */
  const greatest = new Float64Array(classes);
  const sums = new Float64Array(classes);
  /** Above 0 where class `a` has more votes than `b`. */
  const lead = (a: number, b: number): number => {
    const nearer = greatest[a]! - greatest[b]!;
    return (nearer === 0 ? 0 : nearer / sigma) + Math.log(sums[a]! / sums[b]!);
  };
  truth.forEach((label, image) => {
    greatest.fill(-Infinity);
    sums.fill(0);
    const voters = Array.from(neighbours.indices.subarray(image * neighbours.k).subarray(0, k), (row) => labels[row]!);
    const similarity = (i: number): number =>
      voting.sigma === undefined ? 0 : neighbours.values[image * neighbours.k + i]!;
    voters.forEach((voter, i) => (greatest[voter] = Math.max(greatest[voter]!, similarity(i))));
    voters.forEach((voter, i) => (sums[voter]! += Math.exp((similarity(i) - greatest[voter]!) / sigma)));
    const ranked = [...new Set(voters)].sort((a, b) => lead(b, a) || a - b);
    first[image] = ranked[0]!;
    const place = ranked.indexOf(label);
    own[image] = place < 0 ? Infinity : place;
  });
  return { first, own };
}
