import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { dataType, nativeAttributes, tensorFlowBackend, type, type KernelAttributes } from '../kernel.ts';
import { tf } from '../ops/library.ts';
import type { RandomKey } from '@selfsup/kit/random';

/** TensorFlow's number for Philox in the `alg` input of the StatelessRandom…V2 ops. */
const philox = 1;

/** Runs `op` on the Philox stream of `key`, from its start. The key is 64-bit, which tfjs tensors are not. */
function draw(op: string, attributes: KernelAttributes, key: RandomKey, shape: readonly number[]): Tensor {
  const { binding } = tensorFlowBackend();
  const owned: number[] = [];
  const words = (values: readonly number[], count: number): number => {
    const id = binding.createTensor([count, 2], dataType.int32, Int32Array.from(values));
    owned.push(id);
    const cast = nativeAttributes(binding, { T: type('int32'), type: type('uint64') });
    const bits = binding.executeOp('Bitcast', cast, [id], 1)[0]!.id;
    owned.push(bits);
    return bits;
  };
  const constant = (dimensions: readonly number[], values: readonly number[]): number => {
    const id = binding.createTensor(dimensions, dataType.int32, Int32Array.from(values));
    owned.push(id);
    return id;
  };
  try {
    const inputs = [constant([shape.length], shape), words(key, 1), words([0, 0, 0, 0], 2), constant([], [philox])];
    const [output] = binding.executeOp(op, nativeAttributes(binding, attributes), inputs, 1);
    return adopt(output!);
  } finally {
    for (const id of owned) binding.deleteTensor(id);
  }
}

/** Makes a tensor of tfjs out of what the addon returned. */
function adopt(output: { id: number; shape: number[]; dtype: number }): Tensor {
  const backend = tensorFlowBackend() as unknown as { createOutputTensor(metadata: typeof output): Tensor };
  return backend.createOutputTensor(output);
}

const float32 = { dtype: type('float32'), Tshape: type('int32') };

/**
 * A float32 tensor of `shape`, uniform in [min, max): the same numbers for the same key on every run, whatever
 * the thread count. Distinct purposes need distinct keys (`randomKey(seed, 'mask', step)`).
 */
export function deviceUniform(key: RandomKey, shape: readonly number[], min = 0, max = 1): Tensor {
  return tf.tidy(() => {
    const unit = draw('StatelessRandomUniformV2', float32, key, shape);
    const scaled = max - min === 1 ? unit : unit.mul(max - min);
    return min === 0 ? scaled : scaled.add(min);
  });
}

/** A float32 tensor of `shape`, normal with the given mean and standard deviation; reproducible like `deviceUniform`. */
export function deviceNormal(key: RandomKey, shape: readonly number[], mean = 0, std = 1): Tensor {
  return tf.tidy(() => {
    const standard = draw('StatelessRandomNormalV2', float32, key, shape);
    const scaled = std === 1 ? standard : standard.mul(std);
    return mean === 0 ? scaled : scaled.add(mean);
  });
}
