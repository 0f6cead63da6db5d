import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from './library.ts';

/** Terms that are added one after another. */
const mostTerms = 256;
/** Below this, parts are so many that their sums are a long sum again. */
const fewestTerms = 32;

/** What tfjs hands to the kernel of a matrix product. */
interface Product {
  readonly inputs: Readonly<Record<'a' | 'b', Tensor>>;
  readonly attrs: Readonly<Record<'transposeA' | 'transposeB', boolean>>;
}

/**
 * Has matrix products added up in parts where WebAssembly computes, which has to be the active backend. By itself it adds the
 * thousands of terms of a wide layer to one float32, one by one, each sum rounded as coarsely as it is large.
 */
export function sumInParts(): void {
  const name = { kernelName: 'BatchMatMul', backendName: 'wasm' } as const;
  const { kernelFunc } = tf.getKernel(name.kernelName, name.backendName);
  tf.unregisterKernel(name.kernelName, name.backendName);
  tf.registerKernel({
    ...name,
    kernelFunc: (product) => productInParts(product as unknown as Product) ?? kernelFunc(product),
  });
}

/** Undefined of products that are short, or of another form than those of linear layers. */
function productInParts({ inputs: { a, b }, attrs }: Product): Tensor | undefined {
  const [rows, terms] = a.shape as [number, number];
  if (a.rank !== 2 || b.rank !== 2 || attrs.transposeA || attrs.transposeB || terms <= mostTerms) return undefined;
  const part = largestDivisor(terms, mostTerms);
  if (part < fewestTerms) return undefined;
  const parts = terms / part;
  return tf.tidy(() => {
    const left = a.reshape([rows, parts, part]).transpose([1, 0, 2]);
    return tf.matMul(left, b.reshape([parts, part, b.shape[1]!])).sum(0);
  });
}

function largestDivisor(value: number, most: number): number {
  for (let divisor = most; divisor > 1; divisor--) if (value % divisor === 0) return divisor;
  return 1;
}
