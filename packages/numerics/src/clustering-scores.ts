import munkres from 'munkres';
import { UserError } from '@selfsup/kit/errors';

/** Means of two entropies that mutual information is divided by. */
export type NmiNormalisation = 'arithmetic' | 'geometric' | 'max' | 'min';

/** How two labellings of the same items agree. Information and entropy in nats. */
export interface ClusteringScores {
  /** Mutual information. */
  readonly mi: number;
  /** Mutual information that random labellings with the same class sizes have in the mean (Vinh et al., 2010). */
  readonly emi: number;
  /** Mutual information over each mean of the two entropies; 1 for the same partition, also where both are one class. */
  readonly nmi: Readonly<Record<NmiNormalisation, number>>;
  /** Mutual information adjusted for chance, with the arithmetic mean: 0 in the mean for random labellings. */
  readonly ami: number;
  /** Share of items in the most frequent class of their cluster. */
  readonly purity: number;
  /** Share of items in their cluster's class, under the one-to-one map of clusters to classes that is best. */
  readonly hungarianAccuracy: number;
}

/** How often each label of one labelling meets each of another. */
interface Contingency {
  readonly total: number;
  /** Sizes of the labels that occur, in order of label. */
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** The pairs that occur: place of the row, place of the column, count. */
  readonly cells: readonly (readonly [number, number, number])[];
}

/**
 * Compares clusters with classes: two labellings of the same items by whole numbers, of the same length (`RangeError`).
 * Empty clusters need no number. Throws `UserError` where there are no items.
 */
export function clusteringScores(clusters: ArrayLike<number>, classes: ArrayLike<number>): ClusteringScores {
  const table = contingency(clusters, classes);
  const mi = mutualInformation(table);
  const [first, second] = [entropy(table.rows), entropy(table.columns)];
  const emi = expectedMutualInformation(table);
  const mean = (first + second) / 2;
  const normalised = (by: number) => (by === 0 ? (first === second ? 1 : 0) : Math.min(1, mi / by));
  return {
    mi,
    emi,
    nmi: {
      arithmetic: normalised(mean),
      geometric: normalised(Math.sqrt(first * second)),
      max: normalised(Math.max(first, second)),
      min: normalised(Math.min(first, second)),
    },
    ami: adjusted(mi, emi, mean, table),
    purity: purityOf(table),
    hungarianAccuracy: bestMatch(table) / table.total,
  };
}

/**
 * Normalised mutual information of two labellings, in [0, 1]. DeepCluster's paper divides by the geometric mean of
 * the entropies; scikit-learn by the arithmetic one since 0.22. Throws as `clusteringScores` does.
 */
export function normalisedMutualInformation(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  normalisation: NmiNormalisation,
): number {
  const table = contingency(a, b);
  const [first, second] = [entropy(table.rows), entropy(table.columns)];
  const by = {
    arithmetic: (first + second) / 2,
    geometric: Math.sqrt(first * second),
    max: Math.max(first, second),
    min: Math.min(first, second),
  }[normalisation];
  return by === 0 ? (first === second ? 1 : 0) : Math.min(1, mutualInformation(table) / by);
}

/** Entropy in nats of the sizes of clusters, empty ones allowed: at most the logarithm of their number. */
export function clusterSizeEntropy(sizes: ArrayLike<number>): number {
  return entropy(Array.from(sizes));
}

function contingency(a: ArrayLike<number>, b: ArrayLike<number>): Contingency {
  if (a.length !== b.length) throw new RangeError(`${a.length} labels cannot be compared with ${b.length}`);
  if (a.length === 0) throw new UserError('Clustering scores need at least one item', { field: 'labels' });
  const [rowOf, rows] = places(a);
  const [columnOf, columns] = places(b);
  const counts = new Map<number, number>();
  for (let i = 0; i < a.length; i++) {
    const cell = rowOf[i]! * columns.length + columnOf[i]!;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const cells = [...counts]
    .sort(([one], [other]) => one - other)
    .map(([cell, count]) => [Math.floor(cell / columns.length), cell % columns.length, count] as const);
  return { total: a.length, rows, columns, cells };
}

/** The place of each item's label among the labels that occur, and their sizes. */
function places(labels: ArrayLike<number>): [Int32Array, number[]] {
  const distinct = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const placeOf = new Map(distinct.map((label, place) => [label, place]));
  const found = new Int32Array(labels.length);
  const sizes = new Array<number>(distinct.length).fill(0);
  for (let i = 0; i < labels.length; i++) {
    if (!Number.isSafeInteger(labels[i])) throw new RangeError(`Label ${i} is no whole number: ${labels[i]}`);
    const place = placeOf.get(labels[i]!)!;
    found[i] = place;
    sizes[place]!++;
  }
  return [found, sizes];
}

function entropy(sizes: readonly number[]): number {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let result = 0;
  for (const size of sizes) if (size > 0) result -= (size / total) * Math.log(size / total);
  return Math.max(0, result);
}

function mutualInformation({ total, rows, columns, cells }: Contingency): number {
  let result = 0;
  for (const [row, column, count] of cells) {
    result += (count / total) * Math.log((count * total) / (rows[row]! * columns[column]!));
  }
  return Math.max(0, result);
}

/**
 * Mean of the mutual information under the hypergeometric model: Vinh, Epps, Bailey, "Information theoretic measures
 * for clusterings comparison", JMLR 2010, equation 24a. Labels of the same size have the same terms.
 */
function expectedMutualInformation({ total, rows, columns }: Contingency): number {
  const logFactorial = new Float64Array(total + 1);
  for (let i = 2; i <= total; i++) logFactorial[i] = logFactorial[i - 1]! + Math.log(i);
  const f = (i: number) => logFactorial[i]!;
  let result = 0;
  for (const [a, rowsOfSize] of sizeCounts(rows)) {
    for (const [b, columnsOfSize] of sizeCounts(columns)) {
      const constant = f(a) + f(b) + f(total - a) + f(total - b) - f(total);
      let sum = 0;
      for (let n = Math.max(1, a + b - total); n <= Math.min(a, b); n++) {
        const probability = Math.exp(constant - f(n) - f(a - n) - f(b - n) - f(total - a - b + n));
        sum += probability * (n / total) * Math.log((n * total) / (a * b));
      }
      result += sum * rowsOfSize * columnsOfSize;
    }
  }
  return result;
}

function sizeCounts(sizes: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const size of sizes) counts.set(size, (counts.get(size) ?? 0) + 1);
  return counts;
}

function adjusted(mi: number, emi: number, mean: number, { total, rows, columns, cells }: Contingency): number {
  // The same partition by other names; also one class each, or one item a class, where the formula is 0 / 0.
  if (rows.length === columns.length && cells.length === rows.length) return 1;
  const range = mean - emi;
  if (Math.abs(range) < Number.EPSILON * total) return 0;
  return (mi - emi) / range;
}

function purityOf({ total, rows, cells }: Contingency): number {
  const most = rows.map(() => 0);
  for (const [row, , count] of cells) most[row] = Math.max(most[row]!, count);
  return most.reduce((sum, count) => sum + count, 0) / total;
}

/** Items that keep their class under the best one-to-one map of rows to columns. */
function bestMatch({ rows, columns, cells }: Contingency): number {
  const costs = rows.map(() => new Array<number>(columns.length).fill(0));
  for (const [row, column, count] of cells) costs[row]![column] = -count;
  return munkres(costs).reduce((sum, [row, column]) => sum - costs[row]![column]!, 0);
}
