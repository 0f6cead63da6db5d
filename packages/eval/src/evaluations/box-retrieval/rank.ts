import { elevenPrecisions, plainArea, ranked, rankingCurve } from '../../measures/average-precision.ts';

/** The recalls of `elevenPrecisions`. */
const RECALLS = Array.from({ length: 11 }, (_, i) => i / 10);

/** What the ranks of the queries of a class are worth on average, in [0, 1]. */
interface ClassRanks {
  readonly label: number;
  readonly queries: number;
  /** Entries of the database that are of the class. */
  readonly held: number;
  readonly map: number;
  /** After each of the numbers asked for. */
  readonly precision: readonly number[];
  /** Recall, 0 to 1 by tenths, and the greatest precision at that recall or a greater one, `[11][2]`. */
  readonly curve: readonly (readonly [number, number])[];
}

/** What the ranks of some queries are worth, in [0, 1]. */
export interface RankScores {
  readonly map: number;
  /** After each of the numbers asked for. */
  readonly precision: readonly number[];
  /** What ranks by chance would come to: the share of the database that is relevant. */
  readonly chance: number;
  /** Queries of classes that the database holds. */
  readonly queries: number;
  /** Of each class that queries ask for and the database holds, by label. */
  readonly classes: readonly ClassRanks[];
  /** As that of a class, on average over them. */
  readonly curve: ClassRanks['curve'];
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
  const sums = new Map<number, { queries: number; map: number; precision: number[]; curve: number[] }>();
  queries.forEach((label, query) => {
    if (!held.has(label)) return;
    const near = similarities(query);
    const own = sums.get(label) ?? { queries: 0, map: 0, precision: k.map(() => 0), curve: RECALLS.map(() => 0) };
    sums.set(label, own);
    own.queries += 1;
    const order = ranked(near);
    const isRight = database.map((other) => other === label);
    const found = rankingCurve(isRight, near, order);
    own.map += plainArea(found);
    k.forEach((n, i) => (own.precision[i]! += order.slice(0, n).filter((entry) => isRight[entry]).length / n));
    elevenPrecisions(found).forEach((precision, i) => (own.curve[i]! += precision));
  });
  const classes = [...sums]
    .sort(([a], [b]) => a - b)
    .map(([label, { queries: count, map, precision, curve }]): ClassRanks => ({
      ...{ label, queries: count, held: held.get(label)!, map: map / count },
      precision: precision.map((sum) => sum / count),
      curve: RECALLS.map((recall, i) => [recall, curve[i]! / count]),
    }));
  const mean = (of: (one: ClassRanks) => number): number =>
    classes.reduce((sum, one) => sum + of(one), 0) / classes.length;
  return {
    map: mean(({ map }) => map),
    precision: k.map((_, i) => mean(({ precision }) => precision[i]!)),
    chance: mean((one) => one.held / database.length),
    queries: classes.reduce((sum, { queries: count }) => sum + count, 0),
    classes,
    curve: RECALLS.map((recall, i) => [recall, mean(({ curve }) => curve[i]![1])]),
  };
}
