import { randomKey } from '@selfsup/kit/random';
import { embeddingModel, featureShapeOf } from '@selfsup/models/heads';
import nin from '@selfsup/models/networks/nin';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { modelWeights } from '@selfsup/models/weights';
import { clusterHead, refresh } from '@selfsup/tasks/pretext/deepcluster/cluster-head';
import { clusterStep } from '@selfsup/tasks/pretext/deepcluster/training-step';
import type { TaskInstance } from '@selfsup/tasks/task';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { takeStep } from '@selfsup/trainer/step';
import type { StepShape, System } from '../system.ts';

const CLUSTERS = 100;
const normalisation = { mean: [125.3, 123.0, 113.9], std: [63.0, 62.1, 66.7] };

/** A step on a batch of pixels as it comes from the loader, the body with momentum and the head without. */
function step({ width, batch }: StepShape): () => number {
  const key = randomKey(1, 'bench');
  const encoder = nin.build({ blocks: 3, width, poolAfterBlock3: false }, { height: 32, width: 32, channels: 3 }, key);
  const embedding = embeddingModel(featureShapeOf(encoder), key);
  const head = clusterHead(width, CLUSTERS);
  refresh(head, key);
  const parameterGroups = [
    { name: 'body', variables: modelWeights('encoder', encoder, true) },
    { name: 'head', variables: modelWeights('head', head, true), optimizer: { momentum: 0 } },
  ];
  const variables = parameterGroups.flatMap((group) => group.variables);
  const images = Uint8Array.from({ length: batch * 32 * 32 * 3 }, (_, i) => (i * 2_654_435_761) >>> 24);
  const classes = Int32Array.from({ length: batch }, (_, i) => i % CLUSTERS);
  const indices = Uint32Array.from(classes.keys());
  const loaded = { images, shape: [batch, 32, 32, 3] as const, views: 1, labels: classes, indices };
  const instance: TaskInstance = {
    models: { encoder, embedding, head },
    parameterGroups,
    measures: {},
    step: (given) => clusterStep({ encoder, embedding, head }, variables, normalisation, given, classes),
  };
  const optimizers = new ParameterGroups(
    optimizerSchema.parse({ name: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 1e-5 }),
    parameterGroups,
  );
  let taken = 0;
  return () => takeStep(instance, optimizers, loaded, { epoch: 0, step: taken++, key }, 0.05).values['loss']!;
}

const deepcluster: System = { title: 'DeepCluster, NIN of 3 blocks', defaults: { width: 192, batch: 128 }, step };
export default deepcluster;
