/** Tiles of a puzzle: a permutation has so many symbols. */
export const TILES = 9;
/** 9!: all the orders there are. */
export const ALL_PERMUTATIONS = 362_880;

/**
 * An order of the nine tiles: slot s of the shuffled puzzle shows the tile of cell `order[s]`. Cells are counted from 0,
 * row by row from the top left.
 */
export type Permutation = readonly number[];

/**
 * How the next permutation of a set is chosen, by its Hamming distances to those chosen before: `max-average` takes the
 * greatest mean (Noroozi & Favaro 2016, arXiv:1603.09246, Algorithm 1), `mean` the median one, `max-min` the one whose
 * nearest neighbour is farthest.
 */
export type PermutationRule = 'max-average' | 'mean' | 'max-min';

/** All permutations in lexicographic order as nibbles: symbols 0…7 of the order in `low`, the last in `high`. */
interface Candidates {
  readonly low: Uint32Array;
  readonly high: Uint8Array;
}

let all: Candidates | undefined;

function candidates(): Candidates {
  if (all !== undefined) return all;
  const low = new Uint32Array(ALL_PERMUTATIONS);
  const high = new Uint8Array(ALL_PERMUTATIONS);
  for (let index = 0; index < ALL_PERMUTATIONS; index++) {
    const order = permutationAt(index);
    for (let slot = 0; slot < 8; slot++) low[index]! |= order[slot]! << (4 * slot);
    high[index] = order[8]!;
  }
  return (all = { low, high });
}

/** The permutation of 0…8 at a place of the lexicographic order, 0…362,879. */
export function permutationAt(index: number): Permutation {
  const left = Array.from({ length: TILES }, (_, symbol) => symbol);
  let rest = index;
  let block = ALL_PERMUTATIONS;
  return Array.from({ length: TILES }, (_, slot) => {
    block /= TILES - slot;
    const [symbol] = left.splice(Math.floor(rest / block), 1);
    rest %= block;
    return symbol!;
  });
}

/** Fills `distances` with each candidate's distance to candidate `chosen`. */
function measureDistances(chosen: number, distances: Uint8Array): void {
  const { low, high } = candidates();
  const [chosenLow, chosenHigh] = [low[chosen]!, high[chosen]!];
  for (let index = 0; index < ALL_PERMUTATIONS; index++) {
    // One bit for each nibble that differs, then the sum of the nibbles by multiplication.
    let bits = low[index]! ^ chosenLow;
    bits |= bits >>> 2;
    bits = (bits | (bits >>> 1)) & 0x11111111;
    distances[index] = (Math.imul(bits, 0x11111111) >>> 28) + (high[index] === chosenHigh ? 0 : 1);
  }
}

/**
 * A set of `count` distinct permutations (1…362,880) that starts with the one at place `first` of the lexicographic order
 * and grows by `rule`. Ties go to the first candidate in that order, so a set is a function of its arguments, and a
 * smaller set the beginning of a larger one. Keeps a running figure for each candidate: 1,000 permutations take a second
 * or two. Throws `RangeError` for a count or place outside its range.
 */
export function greedyPermutations(count: number, rule: PermutationRule, first: number): Permutation[] {
  const inRange = (value: number, least: number, below: number) =>
    Number.isInteger(value) && value >= least && value < below;
  if (!inRange(count, 1, ALL_PERMUTATIONS + 1)) throw new RangeError(`There are no sets of ${count} permutations`);
  if (!inRange(first, 0, ALL_PERMUTATIONS)) throw new RangeError(`There is no permutation ${first}`);
  const next = choosers[rule]();
  const distances = new Uint8Array(ALL_PERMUTATIONS);
  const set: Permutation[] = [];
  for (let chosen = first; ;) {
    set.push(permutationAt(chosen));
    if (set.length === count) return set;
    measureDistances(chosen, distances);
    chosen = next(chosen, distances);
  }
}

/** Takes note of the permutation chosen last and of all distances to it, and gives the next. */
type Chooser = (chosen: number, distances: Uint8Array) => number;

const choosers: Record<PermutationRule, () => Chooser> = {
  'max-average': () => {
    const sums = new Int32Array(ALL_PERMUTATIONS);
    return (chosen, distances) => {
      sums[chosen] = -TILES * ALL_PERMUTATIONS; // out of reach from now on
      let at = chosen;
      for (let index = 0; index < ALL_PERMUTATIONS; index++) {
        sums[index]! += distances[index]!;
        if (sums[index]! > sums[at]!) at = index;
      }
      return at;
    };
  },

  'max-min': () => {
    const nearest = new Uint8Array(ALL_PERMUTATIONS).fill(TILES + 1);
    return (chosen, distances) => {
      let at = chosen; // which has itself at distance 0
      nearest[chosen] = 0;
      for (let index = 0; index < ALL_PERMUTATIONS; index++) {
        if (distances[index]! < nearest[index]!) nearest[index] = distances[index]!;
        if (nearest[index]! > nearest[at]!) at = index;
      }
      return at;
    };
  },

  mean: () => {
    const sums = new Int32Array(ALL_PERMUTATIONS);
    const taken = new Uint8Array(ALL_PERMUTATIONS);
    let chosenBefore = 0;
    return (chosen, distances) => {
      taken[chosen] = 1;
      chosenBefore++;
      const counts = new Int32Array(TILES * chosenBefore + 1);
      for (let index = 0; index < ALL_PERMUTATIONS; index++) {
        const sum = (sums[index]! += distances[index]!);
        if (taken[index] === 0) counts[sum]!++;
      }
      // The lower median in the order of (sum, place), by counting.
      let rank = Math.floor((ALL_PERMUTATIONS - chosenBefore - 1) / 2);
      let median = 0;
      while (rank >= counts[median]!) rank -= counts[median++]!;
      for (let index = 0; ; index++) if (taken[index] === 0 && sums[index] === median && rank-- === 0) return index;
    };
  },
};

/**
 * What is wrong with rows that are to be a set, in words, counted from 1 as `Row 3`; undefined where they are distinct
 * permutations of 0…8. `written` are the same rows as the user wrote them, which may count from 1.
 */
export function faultOf(rows: readonly Permutation[], written: readonly Permutation[] = rows): string | undefined {
  const seen = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const named = `Row ${index + 1} (${written[index]!.join(', ')})`;
    const sorted = [...row].sort((a, b) => a - b);
    if (row.length !== TILES || sorted.some((symbol, place) => symbol !== place)) {
      return `${named} is no permutation of nine tiles`;
    }
    const before = seen.get(row.join());
    if (before !== undefined) return `${named} is the same as row ${before}`;
    seen.set(row.join(), index + 1);
  }
  return undefined;
}
