import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-node-gpu';
import { type } from '../attributes.ts';
import { defineOp, kernel, tf } from '../platform.ts';

// Outputs: loss per sample, and its gradient by the logits, which TensorFlow computes along with it.
const crossEntropy = defineOp<object>({
  name: 'SelfsupSparseSoftmaxCrossEntropy',
  forward: ({ logits, labels }) =>
    kernel(
      'SparseSoftmaxCrossEntropyWithLogits',
      { T: type('float32'), Tlabels: type('int32') },
      [logits!, labels!],
      2,
    ),
  saveOutputs: [false, true],
  backward: (dy, [logitGradient]) => ({ logits: () => logitGradient!.mul(dy.expandDims(1)) }),
});

/**
 * Cross entropy between integer labels and the softmax of logits: `labels` int32 `[batch]` in
 * [0, classes), `logits` `[batch, classes]`, result per sample `[batch]` in nats. Differentiable in the logits.
 * Throws when a label is outside its range (on a CPU; TensorFlow yields NaN on a GPU).
 */
export function sparseSoftmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor1D {
  if (labels.dtype !== 'int32') throw new TypeError(`Labels must be int32, got ${labels.dtype}`);
  return crossEntropy({ logits: logits as Tensor2D, labels }, {})[0] as Tensor1D;
}

/**
 * Cross entropy in nats between targets and the sigmoid of logits, element by element, both of one shape: targets lie in
 * [0, 1], logits may be of any size. Differentiable in the logits.
 */
export function sigmoidCrossEntropy(targets: Tensor, logits: Tensor): Tensor {
  return tf.tidy(() => tf.softplus(logits).sub(targets.mul(logits)));
}
