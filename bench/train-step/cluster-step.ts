import { embeddingModel, featureShapeOf } from '@selfsup/models/heads';
import { configureNetwork } from '@selfsup/models/network';
import type { NetworkSection } from '@selfsup/models/network-section';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { modelWeights } from '@selfsup/models/weights';
import type { TaskInstance } from '@selfsup/tasks/task';
import { clusterHead, clusterStep, refresh } from '@selfsup/tasks/testing/cluster-step';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { trainingFlops } from './flops.ts';
import { networkContext, noiseBatch } from './labelled-images.ts';
import { repeatedStep } from './repeated-step.ts';

/** A step of `tasks/deepcluster` on raw images, the body with momentum and the head without. */
export async function clusteredStep(section: NetworkSection, side: number, batch: number, clusters: number) {
  const input = { height: side, width: side, channels: 3 };
  const network = networkContext(await configureNetwork(section), input);
  const key = network.key('bench');
  const encoder = network.buildEncoder();
  const embedding = embeddingModel(featureShapeOf(encoder), key, network.embed);
  const head = clusterHead(embedding.outputs[0]!.shape[1]!, clusters);
  refresh(head, key);
  const body = Object.entries({ encoder, embedding }).flatMap(([name, model]) => modelWeights(name, model, true));
  const parameterGroups = [
    { name: 'body', variables: body },
    { name: 'head', variables: modelWeights('head', head, true), optimizer: { momentum: 0 } },
  ];
  const variables = parameterGroups.flatMap((group) => group.variables);
  const given = noiseBatch(input, batch, clusters);
  const instance: TaskInstance = {
    models: { encoder, embedding, head },
    parameterGroups,
    measures: {},
    step: (loaded) => clusterStep({ encoder, embedding, head }, variables, network.normalisation, loaded, given.labels),
  };
  const groups = new ParameterGroups(
    optimizerSchema.parse({ name: 'sgd', nesterov: false, weightDecay: 1e-5 }),
    parameterGroups,
  );
  const flops = [encoder, embedding, head].reduce((sum, model, i) => sum + trainingFlops(model, batch, i === 0), 0);
  return Object.assign(repeatedStep(instance, groups, given, 1e-3), { flops });
}
