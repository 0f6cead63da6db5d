import { beforeAll, expect, test } from 'vitest';
import { dryRun, wholeWork, type StageInput, type StageModule } from '@selfsup/kit/stage';
import { readCheckpoint, writeCheckpoint, type TensorData } from '@selfsup/models/checkpoint';
import attentionMaps from '../evaluations/attention-maps/attention-maps.ts';
import augmentedProbe from '../evaluations/augmented-probe/augmented-probe.ts';
import features from '../evaluations/features/features.ts';
import fineTuning from '../evaluations/fine-tuning/fine-tuning.ts';
import layerProbes from '../evaluations/layer-probes/layer-probes.ts';
import retrainedLayers from '../evaluations/retrained-layers/retrained-layers.ts';
import semiSupervised from '../evaluations/semi-supervised/semi-supervised.ts';
import { asInput, randomEncoder, run, shapes, workFolderOf } from '../testing/stages.ts';

// Every evaluation that sends images through an encoder refuses the same bad input by the same names.
const head = { protocol: 'small', layer: 'conv2', head: 'linear', epochs: 1, batchSize: 8, augment: {} };
const evaluations: Readonly<Record<string, readonly [StageModule<never>, object]>> = {
  features: [features as StageModule<never>, { layers: ['conv2'] }],
  'layer-probes': [
    layerProbes as StageModule<never>,
    { protocol: 'rotnet-small', layers: ['conv2'], epochs: 1, batchSize: 8 },
  ],
  'augmented-probe': [augmentedProbe as StageModule<never>, head],
  'fine-tuning': [fineTuning as StageModule<never>, head],
  'semi-supervised': [semiSupervised as StageModule<never>, { ...head, perClass: [2] }],
  'retrained-layers': [retrainedLayers as StageModule<never>, { protocol: 'rotnet' }],
  'attention-maps': [attentionMaps as StageModule<never>, { layers: ['conv2'] }],
};
const names = Object.keys(evaluations);
const training = ['layer-probes', 'augmented-probe', 'fine-tuning', 'semi-supervised'];

let encoder: StageInput;
let dataset: StageInput;
beforeAll(async () => {
  encoder = await randomEncoder();
  dataset = await shapes(16);
});

/** The encoder's file with other weights or another network. */
async function damaged(
  name: string,
  damage: (tensors: ReadonlyMap<string, TensorData>) => void,
  changes: object = {},
): Promise<StageInput> {
  const { tensors, metadata } = await readCheckpoint(encoder.blob('checkpoint'));
  damage(tensors);
  const checkpoint = workFolderOf(`${name}.safetensors`);
  await writeCheckpoint(checkpoint, { tensors, metadata: { ...metadata, ...changes } });
  return asInput(name, { blobs: { checkpoint }, metrics: [] });
}

const evaluate = (name: string, given: StageInput, changes: object = {}, extent = wholeWork) => {
  const [module, config] = evaluations[name]!;
  return run(module, `${name}-bad`, { ...config, ...changes }, { encoder: given, dataset }, { extent });
};

test.each(names)('%s: a checkpoint of another architecture is refused with file and tensor', async (name) => {
  const network = { name: 'nin', config: { blocks: 3, width: 14 } };
  const other = await damaged('other', () => undefined, { network });
  await expect(evaluate(name, other)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('belongs to another architecture') as string,
    file: other.blob('checkpoint'),
    field: 'encoder/block1_conv1/kernel',
  });
});

test.each(names)('%s: NaN in the weights is refused with file and tensor', async (name) => {
  const diverged = await damaged('diverged', (tensors) => (tensors.get('encoder/block2_conv1/kernel')!.data[3] = NaN));
  await expect(evaluate(name, diverged)).rejects.toMatchObject({
    name: 'UserError',
    message: 'The checkpoint holds NaN or infinity: encoder/block2_conv1/kernel',
    file: diverged.blob('checkpoint'),
    field: 'encoder/block2_conv1/kernel',
  });
});

test('features: finite weights that give infinity are refused with the layer', async () => {
  const huge = await damaged('huge', (tensors) => {
    for (const [name, { data }] of tensors) if (/block2.*kernel/.test(name)) data.fill(3e38);
  });
  await expect(evaluate('features', huge)).rejects.toMatchObject({
    name: 'UserError',
    message: 'The encoder gives NaN or infinity in conv2',
    field: 'layers',
  });
});

test.each(training)('%s: a class without training images is named, in a dry run too', async (name) => {
  for (const extent of [dryRun, wholeWork])
    await expect(evaluate(name, encoder, { train: { subset: { first: 8 } } }, extent)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^No training image shows class '\w+'$/) as string,
      field: 'train.subset',
    });
});

test.each(training.concat('attention-maps', 'features'))('%s: a layer that is not there is refused', async (name) => {
  const layer = 'layer' in evaluations[name]![1] ? { layer: 'conv9' } : { layers: ['conv9'] };
  await expect(evaluate(name, encoder, layer)).rejects.toMatchObject({
    name: 'UserError',
    message: "The encoder has no layer 'conv9'",
    field: Object.keys(layer)[0],
    remedy: 'Use one of: conv1, conv2, conv3.',
  });
});
