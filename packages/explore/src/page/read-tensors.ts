import type { TensorData } from '@selfsup/models/checkpoint';
import { fromHalf } from '../half.ts';
import type { NetworkData } from '../page-data.ts';

/** The tensors of a network by name, out of the bytes in which they lie one after another. */
export function readTensors({ tensors, precision }: NetworkData, bytes: ArrayBuffer): Map<string, TensorData> {
  const all = precision === 'float16' ? fromHalf(new Uint16Array(bytes)) : new Float32Array(bytes);
  let from = 0;
  return new Map(
    tensors.map(({ name, shape }) => {
      const data = all.subarray(from, (from += shape.reduce((a, b) => a * b, 1)));
      return [name, { shape, data }] as const;
    }),
  );
}
