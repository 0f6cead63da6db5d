import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { int, type } from '../attributes.ts';
import { kernel, onceOnCpu, tf } from '../platform.ts';

/** How a convolution moves over its input. */
export interface ConvolutionAttributes {
  /** Rows and columns from one window to the next. */
  readonly strides: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

/** Numbers of a filter from which on, and places of a window in an image up to which, oneDNN's convolutions are slow. */
const [LARGE_FILTER, FEW_PLACES] = [2.5e6, 16];
/** Numbers of all patches, at most: they are held as long as the product is computed. */
const MOST_NUMBERS = 1 << 24;

const patchesServe = onceOnCpu(() => {
  const filter = tf.ones([1, 2, 1, 1]);
  const attributes: ConvolutionAttributes = { strides: [1, 1], padding: 'valid' };
  return String(patchesOf(tf.tensor4d([1, 2, 3], [1, 1, 3, 1]), filter, attributes).dataSync()) === '1,2,2,3';
});

/** What lies under the filter, at each of its places: `[batch, height, width, rows · columns · in]`. */
function patchesOf(x: Tensor, filter: Tensor, { strides, padding }: ConvolutionAttributes): Tensor {
  const [rows, columns] = filter.shape as [number, number];
  const attributes = {
    T: type('float32'),
    ksizes: int([1, rows, columns, 1]),
    strides: int([1, ...strides, 1]),
    rates: int([1, 1, 1, 1]),
    padding: padding.toUpperCase(),
  };
  return kernel('ExtractImagePatches', attributes, [x])[0]!;
}

/** Places of the filter in an image. */
function placesOf(x: Tensor, filter: Tensor, { strides, padding }: ConvolutionAttributes): number {
  const along = (axis: 0 | 1) => {
    const cut = padding === 'valid' ? filter.shape[axis]! - 1 : 0;
    return Math.ceil((x.shape[axis + 1]! - cut) / strides[axis]);
  };
  return along(0) * along(1);
}

/**
 * Whether a convolution is better taken as a product of its patches with the filter: where a filter that fits no cache meets few
 * places of each image, oneDNN's convolutions read it again for each image (256 to 512 channels, 5×5, 4×4 places: 2 to 2.5 times
 * the arithmetic's time).
 */
export function isProduct(x: Tensor, filter: Tensor, attributes: ConvolutionAttributes): boolean {
  if (filter.size < LARGE_FILTER || filter.shape[2] !== x.shape[3]) return false;
  const places = placesOf(x, filter, attributes);
  const numbers = (x.shape[0]! * places * filter.size) / filter.shape[3]!;
  return places <= FEW_PLACES && numbers <= MOST_NUMBERS && patchesServe();
}

function matrix(tensor: Tensor): Tensor {
  return tensor.reshape([-1, tensor.shape.at(-1)!]);
}

function product(a: Tensor, b: Tensor, transposed: { readonly transpose_a: boolean }): Tensor {
  return kernel('MatMul', { T: type('float32'), transpose_b: false, ...transposed }, [a, b])[0]!;
}

/** The convolution of `x` with `filter`. */
export function productOfPatches(x: Tensor, filter: Tensor, attributes: ConvolutionAttributes): Tensor {
  const patches = patchesOf(x, filter, attributes);
  const places = product(matrix(patches), matrix(filter), { transpose_a: false });
  return places.reshape([...patches.shape.slice(0, 3), filter.shape[3]!]);
}

/** Whether the convolution is a matrix product over all pixels, whose filter gradient TensorFlow computes faster. */
function isPointwise(x: Tensor, filter: Tensor, { strides }: ConvolutionAttributes): boolean {
  const [rows, columns, channels] = filter.shape;
  return rows === 1 && columns === 1 && channels === x.shape[3] && strides[0] === 1 && strides[1] === 1;
}

/** The gradient of `filter`, where it is a product too; `dy` is that of the convolution. */
export function filterGradientAsProduct(
  x: Tensor,
  dy: Tensor,
  filter: Tensor,
  attributes: ConvolutionAttributes,
): Tensor | undefined {
  const given = isPointwise(x, filter, attributes)
    ? x
    : isProduct(x, filter, attributes)
      ? patchesOf(x, filter, attributes)
      : undefined;
  return given && product(matrix(given), matrix(dy), { transpose_a: true }).reshape(filter.shape);
}
