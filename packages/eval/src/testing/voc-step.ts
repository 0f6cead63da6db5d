import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { saveEncoder } from '@selfsup/models/encoder';
import { affineLayers } from '@selfsup/models/net-surgery';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { decodeReference, decodeReferences, type ReferenceArray } from '@selfsup/models/testing/reference';
import { assignVariables, modelWeights } from '@selfsup/models/weights';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { takeStep } from '@selfsup/trainer/step';
import type { ParameterGroup, StepOutcome } from '@selfsup/trainer/trainee';
import { loadTrunk, type Trunk } from '../tuning/trunk.ts';
import { workFolderOf } from './stages.ts';

/** Two steps of a transfer as PyTorch takes them; see bench/oracles/voc_step_reference.py. */
export interface StepReference {
  readonly normalisation: { mean: number[]; std: number[] };
  readonly images: ReferenceArray;
  readonly classes: number;
  readonly units: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly encoder: Record<string, ReferenceArray>;
  readonly head: Record<string, ReferenceArray>;
  readonly losses: number[];
  readonly kernels: ReferenceArray[];
  readonly biases: ReferenceArray[];
  readonly headAfter: Record<string, ReferenceArray>;
}

/** The reference beside a test, and its encoder with folded batch norm for images of a size. */
export async function stepReference<Reference extends StepReference>(
  url: URL,
  size: { readonly height: number; readonly width: number },
): Promise<{ readonly reference: Reference; readonly trunk: Trunk }> {
  const reference = JSON.parse(readFileSync(url, 'utf8')) as Reference;
  const config = { blocks: 3, width: 8 };
  const { build } = await configureNetwork({ name: 'nin', ...config });
  const model = build({ height: 16, width: 16, channels: 3 }, [0, 0]);
  assignVariables(modelWeights('encoder', model), decodeReferences(reference.encoder, 'encoder/'));
  const facts = { task: 'random', step: 0, epoch: 0, seed: 1, batchNormStatistics: 'joint' } as const;
  const checkpoint = workFolderOf('step-reference');
  const { normalisation } = reference;
  await saveEncoder(checkpoint, { encoder: model }, { ...facts, network: { name: 'nin', config }, normalisation });
  model.dispose();
  return { reference, trunk: await loadTrunk(checkpoint, { ...size, field: 'size' }, 'folded') };
}

/** A model without dropout, whose draws no other library has: its layers with the same weights and names. */
export function withoutDropout(model: tf.LayersModel): tf.LayersModel {
  for (const layer of model.layers)
    if (layer.getClassName() === 'Dropout') (layer as tf.layers.Layer & { rate: number }).rate = 0;
  return model;
}

/** Takes the reference's steps and compares losses and all weights with it. */
export function expectSteps(
  reference: StepReference,
  {
    trunk,
    head,
    proposals,
  }: { readonly trunk: Trunk; readonly head: tf.LayersModel; readonly proposals?: tf.LayersModel },
  groups: readonly ParameterGroup[],
  step: (part: number) => StepOutcome,
  parts = 1,
): void {
  const { weightDecay, learningRate } = reference;
  const sgd = optimizerSchema.parse({ name: 'sgd', nesterov: false, biasLearningRate: 1, weightDecay });
  const optimisers = new ParameterGroups(sgd, groups);
  for (const [place, expected] of reference.losses.entries()) {
    const context = { epoch: 0, step: place, key: [0, 0] as const };
    const trainee = { step, parts: () => Array.from({ length: parts }, (_, part) => part) };
    const { values } = takeStep<number>(trainee, optimisers, 0, context, learningRate);
    expect(values['loss']).toBeCloseTo(expected, 4);
  }
  const difference = (found: tf.Tensor, array: ReferenceArray): number =>
    tf.tidy(() => {
      const { data, shape } = decodeReference(array);
      return tf
        .tensor(data as Float32Array, [...shape])
        .reshape(found.shape)
        .sub(found)
        .abs()
        .max()
        .dataSync()[0]!;
    });
  affineLayers(trunk.model).forEach(({ kernel, bias, layer }, i) => {
    expect(difference(kernel, reference.kernels[i]!), layer.name).toBeLessThan(1e-4);
    expect(difference(bias!, reference.biases[i]!), layer.name).toBeLessThan(1e-4);
  });
  const heads = proposals === undefined ? [head] : [head, proposals];
  const above = heads.flatMap((model) => modelWeights('head', model));
  expect(above.map(({ name }) => name.slice('head/'.length)).sort()).toEqual(Object.keys(reference.headAfter).sort());
  for (const { name, variable } of above)
    expect(difference(variable, reference.headAfter[name.slice('head/'.length)]!), name).toBeLessThan(1e-4);
  optimisers.dispose();
}

/** Gives a head the reference's weights. */
export function takeHead(head: tf.LayersModel, reference: StepReference): void {
  const found = decodeReferences(reference.head, 'head/');
  // A convolution over a map holds the numbers of the matrix that takes it.
  const shaped = modelWeights('head', head).map(
    ({ name, variable }) => [name, { ...found.get(name)!, shape: variable.shape }] as const,
  );
  assignVariables(modelWeights('head', head), new Map(shaped));
}
