import { averagePrecision } from '../../measures/average-precision.ts';

/** What the ranks of some queries are worth, in [0, 1]. */
export interface RankScores {
  readonly map: number;
  /** After each of the numbers asked for. */
  readonly precision: readonly number[];
  /** What ranks by chance would come to: the share of the database that is relevant. */
  readonly chance: number;
  /** Queries of classes that the database holds. */
  readonly queries: number;
}

/**
 * Scores ranks class by class, and then on average over the classes that queries ask for and the database holds. `similarities`
 * gives a query's nearness to each entry of the database; entries of its class are relevant. Of equal ones the lower comes first.
 */
export function rankScores(
  queries: readonly number[],
  database: readonly number[],
  similarities: (query: number) => Float32Array,
  k: readonly number[],
): RankScores {
  const held = new Map<number, number>();
  for (const label of database) held.set(label, (held.get(label) ?? 0) + 1);
  const sums = new Map<number, { queries: number; map: number; precision: number[] }>();
  queries.forEach((label, query) => {
    if (!held.has(label)) return;
    const near = similarities(query);
    const own = sums.get(label) ?? { queries: 0, map: 0, precision: k.map(() => 0) };
    sums.set(label, own);
    own.queries += 1;
    own.map += averagePrecision(
      database.map((other) => other === label),
      near,
    );
    const first = nearestOf(near, Math.max(...k)).map((entry) => database[entry] === label);
    k.forEach((places, i) => (own.precision[i]! += first.slice(0, places).filter(Boolean).length / places));
  });
  const classes = [...sums.entries()];
  const mean = (of: (label: number, one: { queries: number; map: number; precision: number[] }) => number): number =>
    classes.reduce((sum, [label, one]) => sum + of(label, one), 0) / classes.length;
  return {
    map: mean((_, { map, queries: count }) => map / count),
    precision: k.map((_, i) => mean((_label, { precision, queries: count }) => precision[i]! / count)),
    chance: mean((label) => held.get(label)! / database.length),
    queries: classes.reduce((sum, [, { queries: count }]) => sum + count, 0),
  };
}

/** The entries that are nearest, nearest first. */
export function nearestOf(near: Float32Array, count: number): number[] {
  return [...near.keys()].sort((a, b) => near[b]! - near[a]! || a - b).slice(0, count);
}
