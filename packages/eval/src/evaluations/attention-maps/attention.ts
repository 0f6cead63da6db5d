/** A map of numbers, row by row. */
export interface CellMap {
  /** `[height, width]`. */
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
}

/**
 * Attention of one image: Σ over channels of |activation|^power at each cell (Gidaris et al. 2018, arXiv:1803.07728, §4.1,
 * after Zagoruyko & Komodakis 2017).
 *
 * @param activations `[height, width, channels]`
 */
export function attentionMap(
  activations: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  power: number,
): CellMap {
  const values = new Float32Array(height * width);
  for (let cell = 0; cell < values.length; cell++) {
    let sum = 0;
    for (let i = cell * channels; i < (cell + 1) * channels; i++) sum += Math.abs(activations[i] as number) ** power;
    values[cell] = sum;
  }
  return { values, height, width };
}

/** Stretched so that the least value is 0 and the greatest 1; a map without any difference is 0 everywhere. */
export function stretched({ values, height, width }: CellMap): CellMap {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const range = high - low;
  return { values: values.map((value) => (range > 0 ? (value - low) / range : 0)), height, width };
}

/** Bilinear, cells being areas (half-pixel centres) whose outermost values go on to the edge. */
export function resized({ values, height, width }: CellMap, toHeight: number, toWidth: number): CellMap {
  const rows = places(height, toHeight);
  const columns = places(width, toWidth);
  const result = new Float32Array(toHeight * toWidth);
  rows.forEach(([top, bottom, down], y) => {
    columns.forEach(([left, right, across], x) => {
      const at = (row: number, column: number): number => values[row * width + column] as number;
      const above = at(top, left) * (1 - across) + at(top, right) * across;
      const below = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      result[y * toWidth + x] = above * (1 - down) + below * down;
    });
  });
  return { values: result, height: toHeight, width: toWidth };
}

/** For each of `to` places: the cells before and behind it, and how far it lies towards the second. */
function places(from: number, to: number): [number, number, number][] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const before = Math.floor(at);
    return [before, Math.min(from - 1, before + 1), at - before];
  });
}

/** Pearson's correlation of two maps of one size; undefined where one of them is the same everywhere. */
export function correlation(one: Float32Array, other: Float32Array): number | undefined {
  const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(one), mean(other)];
  let [together, first, second] = [0, 0, 0];
  for (let i = 0; i < one.length; i++) {
    const [x, y] = [(one[i] as number) - a, (other[i] as number) - b];
    together += x * y;
    first += x * x;
    second += y * y;
  }
  return first > 0 && second > 0 ? together / Math.sqrt(first * second) : undefined;
}
