/**
 * Sums and sums of squares per channel, exact (integers below 2^53 for up to 10^11 pixels), so that they do not
 * depend on the order of images.
 */
export class ChannelSums {
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;
  private pixels = 0;
  private readonly channels: number;

  constructor(channels: number) {
    this.channels = channels;
    this.sums = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }

  /** Adds raw pixels [height, width, channels], 0..255. */
  add(payload: Uint8Array): void {
    const { channels } = this;
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      let square = 0;
      for (let i = c; i < payload.length; i += channels) {
        const value = payload[i]!;
        sum += value;
        square += value * value;
      }
      this.sums[c]! += sum;
      this.squares[c]! += square;
    }
    this.pixels += payload.length / channels;
  }

  /** Sums over all of several. There must be at least one. */
  static joined(all: readonly ChannelSums[]): ChannelSums {
    const result = new ChannelSums(all[0]!.channels);
    for (const one of all) {
      one.sums.forEach((value, c) => (result.sums[c]! += value));
      one.squares.forEach((value, c) => (result.squares[c]! += value));
      result.pixels += one.pixels;
    }
    return result;
  }

  /** Mean and (population) standard deviation per channel in 0..255 units, each rounded to a millionth. */
  statistics(): { mean: number[]; std: number[] } {
    const round = (value: number): number => Math.round(value * 1e6) / 1e6;
    const mean = [...this.sums].map((sum) => sum / this.pixels);
    const std = [...this.squares].map((square, c) => Math.sqrt(Math.max(0, square / this.pixels - mean[c]! ** 2)));
    return { mean: mean.map(round), std: std.map(round) };
  }
}
