import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { fixedAttributes, type, tensorFlowBackend } from '../kernel.ts';
import { tf } from '../ops/library.ts';
import { executeOnHandles, type ResourceVariable } from './resource-variable.ts';

/** Weights and their two running means. */
export interface AdamVariables {
  readonly weights: ResourceVariable;
  readonly first: ResourceVariable;
  readonly second: ResourceVariable;
}

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly learningRate: number;
}

/** What an update is made with: the same scalars for all variables. Must be disposed. */
export class AdamScalars {
  readonly tensors: readonly Tensor[];

  /**
   * For update number `update`, counted from 1, of Adam (Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1):
   * first += (g − first)·(1 − β1), second += (g² − second)·(1 − β2), and the bias-corrected
   * weights −= rate / (1 − β1ᵘ) · first / (√(second / (1 − β2ᵘ)) + ε).
   */
  constructor({ beta1, beta2, epsilon, learningRate }: AdamSettings, update: number) {
    // TensorFlow corrects in float32, and the root before ε is added; so we correct here, and hand it rates that need no correction.
    const root = Math.sqrt(1 - beta2 ** update);
    const rate = (learningRate * root) / (1 - beta1 ** update);
    this.tensors = [0, 0, rate, beta1, beta2, epsilon * root].map((value) => tf.scalar(value, 'float32'));
  }

  dispose(): void {
    tf.dispose([...this.tensors]);
  }
}

const attributes = fixedAttributes({ T: type('float32'), use_locking: false, use_nesterov: false });

/** One update in one pass over memory. */
export function applyAdam({ weights, first, second }: AdamVariables, gradient: Tensor, scalars: AdamScalars): void {
  const ids = tensorFlowBackend().getInputTensorIds([...scalars.tensors, gradient]);
  executeOnHandles('ResourceApplyAdam', attributes(), [weights.handle, first.handle, second.handle, ...ids], 0);
}
