import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu';
import { fixedAttributes, kernel, tensorFlowBackend, type } from '../kernel.ts';
import { tf } from '../ops/library.ts';
import { executeOnHandles, type ResourceVariable } from './resource-variable.ts';

/** float32 scalars that the ops of one update share: one tensor for each value. Must be disposed. */
export class SharedScalars {
  readonly #made = new Map<number, Tensor>();

  of(value: number): Tensor {
    const made = this.#made.get(value) ?? tf.keep(tf.scalar(value, 'float32'));
    this.#made.set(value, made);
    return made;
  }

  dispose(): void {
    tf.dispose([...this.#made.values()]);
  }
}

const plain = { T: type('float32'), use_locking: false };
const attributes = fixedAttributes(plain);
const withMomentum = fixedAttributes({ ...plain, use_nesterov: false });
const withNesterov = fixedAttributes({ ...plain, use_nesterov: true });
const idsOf = (...tensors: readonly Tensor[]): number[] => tensorFlowBackend().getInputTensorIds(tensors);

/** Sum of the squares of all values of a float32 tensor, in one pass: no tensor of the squares is made. */
export function sumOfSquares(x: Tensor): Tensor {
  return tf.tidy(() => kernel('L2Loss', { T: type('float32') }, [x])[0]!.mul(2));
}

/** variable −= factor · delta, in place. */
export function subtractScaled(variable: ResourceVariable, factor: Tensor, delta: Tensor): void {
  executeOnHandles('ResourceApplyGradientDescent', attributes(), [variable.handle, ...idsOf(factor, delta)], 0);
}

/** Weights and the running sum of their gradients. */
export interface MomentumVariables {
  readonly weights: ResourceVariable;
  readonly sum: ResourceVariable;
}

export interface MomentumScalars {
  readonly rate: Tensor;
  readonly momentum: Tensor;
  readonly nesterov: boolean;
}

/**
 * sum = momentum · sum + gradient; with Nesterov weights −= rate · (gradient + momentum · sum), else weights −= rate · sum:
 * PyTorch's law, with the rate outside the sum. In place.
 */
export function applyMomentum({ weights, sum }: MomentumVariables, gradient: Tensor, scalars: MomentumScalars): void {
  const ids = idsOf(scalars.rate, gradient, scalars.momentum);
  const own = scalars.nesterov ? withNesterov() : withMomentum();
  executeOnHandles('ResourceApplyMomentum', own, [weights.handle, sum.handle, ...ids], 0);
}

/**
 * gradient + decay · weights, computed in a variable of its own: in the gradient's memory where nobody
 * else uses it (see `ResourceVariable.changing`). `negativeDecay` is −decay.
 */
export function decayed(gradient: Tensor, weights: Variable, negativeDecay: Tensor, through: ResourceVariable): Tensor {
  return through.changing(gradient, () => subtractScaled(through, negativeDecay, weights));
}
