import type { TensorData } from '../checkpoint/checkpoint.ts';

/** An array as the scripts in bench/oracles write it. */
export interface ReferenceArray {
  readonly shape: readonly number[];
  readonly base64: string;
}

/** Values of a reference array: bytes where it has one byte for each element, else float32. */
export function decodeReference({ shape, base64 }: ReferenceArray): TensorData {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  const elements = shape.reduce((a, b) => a * b, 1);
  return { shape, data: bytes.length === elements ? bytes : new Float32Array(bytes.buffer) };
}

/** Reference arrays by name, names prefixed. */
export function decodeReferences(arrays: Readonly<Record<string, ReferenceArray>>, prefix: string) {
  return new Map(Object.entries(arrays).map(([name, array]) => [prefix + name, decodeReference(array)]));
}
