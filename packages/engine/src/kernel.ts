import type { Tensor, TensorInfo } from '@tensorflow/tfjs-node-gpu';
import type { KernelAttributes, KernelType } from './attributes.ts';
import { tf } from './ops/library.ts';

export * from './attributes.ts';

/** The TensorFlow backend of tfjs, as far as we call it. */
export interface TensorFlowBackend {
  readonly binding: NativeBinding;
  readonly isUsingGpuDevice: boolean;
  executeMultipleOutputs(name: string, attributes: NativeAttribute[], inputs: TensorInfo[], outputs: number): Tensor[];
  getInputTensorIds(inputs: readonly TensorInfo[]): number[];
  getNumOfTFTensors(): number;
}

export interface NativeAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The C++ addon, as far as we call it. */
export interface NativeBinding {
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  createTensor(shape: readonly number[], type: number, values: ArrayBufferView): number;
  deleteTensor(id: number): void;
  executeOp(
    name: string,
    attributes: NativeAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): { id: number; shape: number[]; dtype: number }[];
}

/** Values of TensorFlow's `TF_DataType`. */
export const dataType: Readonly<Record<KernelType, number>> = {
  float32: 1,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  uint64: 23,
};

/** The backend under `tf`. Throws where another backend was made the active one. */
export function tensorFlowBackend(): TensorFlowBackend {
  const backend = tf.backend() as unknown as TensorFlowBackend;
  if (tf.getBackend() !== 'tensorflow')
    throw new Error(`The active tfjs backend is ${tf.getBackend()}, not TensorFlow`);
  return backend;
}

/** Whether TensorFlow computes on a GPU. */
export function usesGpu(): boolean {
  return tensorFlowBackend().isUsingGpuDevice;
}

/** Attributes in the form that the addon takes. */
export function nativeAttributes(binding: NativeBinding, attributes: KernelAttributes): NativeAttribute[] {
  return Object.entries(attributes).map(([name, attribute]) => {
    if (typeof attribute === 'string') return { name, type: binding.TF_ATTR_STRING, value: attribute };
    if (typeof attribute === 'boolean') return { name, type: binding.TF_ATTR_BOOL, value: attribute };
    switch (attribute.kind) {
      case 'int':
        return { name, type: binding.TF_ATTR_INT, value: attribute.value };
      case 'float':
        return { name, type: binding.TF_ATTR_FLOAT, value: attribute.value };
      case 'type':
        return { name, type: binding.TF_ATTR_TYPE, value: dataType[attribute.value] };
      case 'shape':
        return { name, type: binding.TF_ATTR_SHAPE, value: attribute.value };
    }
  });
}

/** Attributes that are the same each time, brought once into the form that the addon takes: compiled steps know them again. */
export function fixedAttributes(attributes: KernelAttributes): () => NativeAttribute[] {
  let made: NativeAttribute[] | undefined;
  return () => (made ??= Object.freeze(nativeAttributes(tensorFlowBackend().binding, attributes)) as NativeAttribute[]);
}

/**
 * Runs any TensorFlow op by its registered name and returns its outputs. The op has no gradient of its own:
 * wrap it in `tf.customGrad`, or register a gradient, where one is needed.
 *
 * `kernel('Svd', { T: type('float32'), compute_uv: true, full_matrices: false }, [matrix], 3)`
 *
 * Attributes without a default, types included, must be given. Throws TensorFlow's own message when the op,
 * an attribute or an input does not fit.
 */
export function kernel(
  name: string,
  attributes: KernelAttributes,
  inputs: readonly TensorInfo[],
  outputs = 1,
): Tensor[] {
  const backend = tensorFlowBackend();
  return backend.executeMultipleOutputs(name, nativeAttributes(backend.binding, attributes), [...inputs], outputs);
}
