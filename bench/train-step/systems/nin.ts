import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { classifier, featureShapeOf } from '@selfsup/models/heads';
import nin from '@selfsup/models/networks/nin';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { modelWeights } from '@selfsup/models/weights';
import { gradientsOf } from '@selfsup/trainer/gradients';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { trainingFlops } from '../flops.ts';
import { repeatedStep } from '../repeated-step.ts';
import type { StepShape, System, TrainingStep } from '../system.ts';

/** The encoder and head of the yardstick: NIN of three blocks for 32×32 images, with four classes. */
function network(width: number) {
  const key = randomKey(1, 'bench');
  const config = { blocks: 3, width, poolAfterBlock3: false } as const;
  const encoder = nin.build(config, { height: 32, width: 32, channels: 3 }, key);
  return { encoder, head: classifier(featureShapeOf(encoder), 4, key) };
}

/** A step on fixed images, normalised and rotated before. */
function step({ width, batch }: StepShape): TrainingStep {
  const { encoder, head } = network(width);
  const variables = [...modelWeights('encoder', encoder, true), ...modelWeights('head', head, true)];
  const groups = new ParameterGroups(optimizerSchema.parse({ name: 'sgd' }), [{ name: 'all', variables }]);
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
  const instance = {
    models: { encoder, head },
    step() {
      const { loss, gradients } = gradientsOf(variables, forward);
      return { losses: { loss }, gradients, samples: batch };
    },
  };
  const flops = trainingFlops(encoder, batch, true) + trainingFlops(head, batch, false);
  return Object.assign(repeatedStep(instance, groups, undefined, 0.1), { flops });
}

const nin3: System = {
  title: 'NIN, 3 blocks',
  defaults: { width: 192, batch: 128 },
  tiny: { width: 8, batch: 2 },
  step,
  stock: 'stock.ts',
};
export default nin3;
