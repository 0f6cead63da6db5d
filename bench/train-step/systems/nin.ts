import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import { randomKey } from '@selfsup/kit/random';
import { tf } from '@selfsup/engine/tensorflow';
import { classifier, featureShapeOf } from '@selfsup/models/heads';
import nin from '@selfsup/models/networks/nin';
import { Sgd } from '@selfsup/models/optimizers/sgd';
import { modelWeights } from '@selfsup/models/weights';
import { gradientsOf } from '@selfsup/trainer/gradients';
import type { StepShape, System } from '../system.ts';

/** The encoder and head of the yardstick: NIN of three blocks for 32×32 images, with four classes. */
function network(width: number) {
  const key = randomKey(1, 'bench');
  const config = { blocks: 3, width, poolAfterBlock3: false } as const;
  const encoder = nin.build(config, { height: 32, width: 32, channels: 3 }, key);
  return { encoder, head: classifier(featureShapeOf(encoder), 4, key) };
}

/** A step on fixed images, normalised and rotated before. */
function step({ width, batch }: StepShape): () => number {
  const { encoder, head } = network(width);
  const variables = [...modelWeights('encoder', encoder, true), ...modelWeights('head', head, true)];
  const optimizer = new Sgd({ momentum: 0.9, nesterov: true }, variables, () => 5e-4);
  const images = tf.randomNormal([batch, 32, 32, 3], 0, 1, 'float32', 1);
  const labels = tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % 4),
    'int32',
  );
  const forward = () => {
    const features = encoder.apply(images, { training: true }) as tf.Tensor;
    const logits = head.apply(features, { training: true }) as tf.Tensor;
    return { loss: sparseSoftmaxCrossEntropy(labels, logits).mean() as tf.Scalar };
  };
  return () => {
    const { loss, gradients } = gradientsOf(variables, forward);
    optimizer.apply(gradients, 0.1);
    const [result] = loss.dataSync();
    tf.dispose([loss, gradients]);
    return result!;
  };
}

/** Forward, and both gradients but that of the image. */
function convolutionFlops({ width, batch }: StepShape): number {
  const convolutions = network(width).encoder.layers.filter((layer) => layer.getClassName() === 'Conv2D');
  return convolutions.reduce((total, layer, index) => {
    const [rows, columns, inputs, filters] = layer.weights[0]!.shape as [number, number, number, number];
    const [, height, width_] = layer.outputShape as [null, number, number, number];
    return total + 2 * batch * height * width_ * rows * columns * inputs * filters * (index === 0 ? 2 : 3);
  }, 0);
}

const nin3: System = {
  title: 'NIN, 3 blocks',
  defaults: { width: 192, batch: 128 },
  step,
  convolutionFlops,
  stock: 'stock.ts',
};
export default nin3;
