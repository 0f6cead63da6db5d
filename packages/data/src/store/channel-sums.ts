/** Sums over images and their pixels: exact integers (below 2^53 for up to 10^11 pixels), so that their order does not matter. */
export interface ChannelSums {
  /** Per channel the sum, then per channel the sum of squares: [2 * channels]. */
  readonly sums: readonly number[];
  readonly pixels: number;
  /** Images that were turned as their EXIF orientation says. */
  readonly turned: number;
}

/** The sums of several added up; undefined where there are none. */
export function joinedSums(all: readonly ChannelSums[]): ChannelSums | undefined {
  const [first, ...others] = all;
  if (first === undefined) return undefined;
  return others.reduce<ChannelSums>(
    (sum, one) => ({
      sums: sum.sums.map((value, i) => value + one.sums[i]!),
      pixels: sum.pixels + one.pixels,
      turned: sum.turned + one.turned,
    }),
    first,
  );
}

/** Mean and (population) standard deviation per channel in 0..255 units, each rounded to a millionth. */
export function statisticsOf({ sums, pixels }: Pick<ChannelSums, 'sums' | 'pixels'>): {
  mean: number[];
  std: number[];
} {
  const channels = sums.length / 2;
  const round = (value: number): number => Math.round(value * 1e6) / 1e6;
  const mean = sums.slice(0, channels).map((sum) => sum / pixels);
  const std = mean.map((value, c) => Math.sqrt(Math.max(0, sums[channels + c]! / pixels - value ** 2)));
  return { mean: mean.map(round), std: std.map(round) };
}
