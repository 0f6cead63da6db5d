import type { TensorData } from '@selfsup/models/checkpoint';
import { fromHalf, toHalf } from '../half.ts';
import type { Precision } from '../page-data.ts';
import type { PanelFacts } from '../panel.ts';
import { runNetwork } from '../running-network.ts';
import type { GatheredNetwork } from './gather-network.ts';

/** Differences of shown numbers that are smaller, in points, are no difference to a reader. */
const unseen = 0.1;

/** How a network's weights are written, and what that changes. */
export interface ChosenPrecision {
  readonly precision: Precision;
  /** The largest difference that float16 makes to a shown number, in points; undefined where none is shown. */
  readonly points: number | undefined;
}

/**
 * Whether float16 weights do: where on these pictures (`[count, height, width, channels]`, 0..255) they change no number
 * that the panels show by 0.1 points. Maps of attention have 256 colours, which float16 is finer than by far.
 */
export async function choosePrecision(
  network: GatheredNetwork,
  panels: readonly PanelFacts[],
  pixels: Float32Array,
  count: number,
): Promise<ChosenPrecision> {
  const exact = await shownNumbers(network, network.tensors, panels, pixels, count);
  if (exact.length === 0) return { precision: 'float16', points: undefined };
  const rounded = await shownNumbers(network, halved(network.tensors), panels, pixels, count);
  const points = exact.reduce((most, value, i) => Math.max(most, Math.abs(value - rounded[i]!)), 0);
  // Weights beyond float16's range give NaN, which is less than nothing.
  return { precision: points < unseen ? 'float16' : 'float32', points };
}

async function shownNumbers(
  { facts, modules }: GatheredNetwork,
  tensors: ReadonlyMap<string, TensorData>,
  panels: readonly PanelFacts[],
  pixels: Float32Array,
  count: number,
): Promise<number[]> {
  const running = runNetwork(facts, modules, tensors);
  try {
    const numbers: number[] = [];
    for (const panel of panels)
      for (const value of Array.from((await panel.figures?.(running, pixels, count)) ?? [])) numbers.push(value);
    return numbers;
  } finally {
    running.dispose();
  }
}

/** Weights as they are after float16. */
function halved(tensors: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  return new Map(
    [...tensors].map(([name, { shape, data }]) => [name, { shape, data: fromHalf(toHalf(Float32Array.from(data))) }]),
  );
}

/** The bytes of weights, one after another. */
export function weightBytes(tensors: ReadonlyMap<string, TensorData>, precision: Precision): Uint8Array {
  return Buffer.concat(
    [...tensors.values()].map(({ data }) => {
      const values = Float32Array.from(data);
      const { buffer } = precision === 'float16' ? toHalf(values) : values;
      return new Uint8Array(buffer);
    }),
  );
}
