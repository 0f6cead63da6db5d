import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { deviceUniform } from '@selfsup/engine/platform';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { classifier, featureShapeOf } from '../building/heads.ts';
import { normalise } from '../checkpoint/normalise.ts';
import { saveEncoder } from '../encoder.ts';
import { configureNetwork } from '../network.ts';
import { disturb, largestDifference, python, runReadme, runStock } from '../testing/exported.ts';
import { exportToSafetensors } from './safetensors.ts';
import { exportToTfjs } from './tfjs.ts';

// The export of networks with grouped convolutions, a Sobel front end, fully connected layers and what stock tfjs lacks.
const folder = mkdtempSync(join(tmpdir(), 'selfsup-export-networks-'));
const normalisation = { mean: [125.3, 123, 113.9], std: [63, 62.1, 66.7] };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const narrow = { widthMultiplier: 0.04, fullyConnected: 8 };
const networks = {
  'grouped convolutions': [{ name: 'cfn', normalisation: 'batch', ...narrow }, 64],
  'Sobel, fc6 and fc7': [{ name: 'alexnet', variant: 'deepcluster', sobel: true, ...narrow }, 224],
  'batch norm after fc6': [{ name: 'alexnet', ...narrow }, 224],
  'five convolutions': [{ name: 'alexnet-small', width: 4 }, 32],
  'local response normalisation': [{ name: 'cfn', ...narrow }, 64],
  'Leaky ReLU and padded pooling': [{ name: 'alexnet', variant: 'bigan', widthMultiplier: 0.04 }, 64],
} as const;
type Kind = keyof typeof networks;

/** A checkpoint with a classifier, and what its probe points and the classifier make of two images. */
async function trained(kind: Kind) {
  const [section, side] = networks[kind];
  const network = await configureNetwork(section);
  const encoder = network.build({ height: side, width: side, channels: 3 }, randomKey(1, 'network'));
  const head = classifier(featureShapeOf(encoder), 4, randomKey(1, 'head'), network.embed);
  disturb('encoder', encoder);
  disturb('head', head);
  const checkpoint = join(folder, `${kind}.safetensors`);
  const description = {
    task: 'rotnet',
    network: { name: network.name, config: network.config },
    normalisation,
    step: 30,
    epoch: 3,
    seed: 1,
    batchNormStatistics: 'joint' as const,
  };
  await saveEncoder(checkpoint, { encoder, head }, description);
  const pixels = deviceUniform(randomKey(2, 'images'), [2, side, side, 3], 0, 255).round() as tf.Tensor4D;
  const input = normalise(pixels, normalisation);
  const features = network.probePoints.map((name) =>
    (
      tf
        .model({ inputs: encoder.inputs, outputs: encoder.getLayer(name).output as tf.SymbolicTensor })
        .predict(input) as tf.Tensor
    ).dataSync(),
  );
  const logits = (head.predict(encoder.predict(input) as tf.Tensor) as tf.Tensor).dataSync();
  const ours = Object.fromEntries([...features, logits].map((map, i) => [network.probePoints[i] ?? 'logits', map]));
  encoder.dispose();
  head.dispose();
  return { checkpoint, pixels, input, ours, probes: network.probePoints };
}

/** Differences count relative to values above 1: untrained networks without batch norm leave that range. */
function expectSame(
  theirs: Readonly<Record<string, number[]>>,
  ours: Awaited<ReturnType<typeof trained>>['ours'],
): void {
  for (const [name, values] of Object.entries(ours)) {
    const largest = Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    expect(largestDifference(theirs[name]!, values) / largest, name).toBeLessThan(1e-4);
  }
}

test.each(['grouped convolutions', 'Sobel, fc6 and fc7', 'batch norm after fc6', 'five convolutions'] as const)(
  'stock tfjs gives our features and logits: %s',
  async (kind) => {
    const { checkpoint, input, ours, probes } = await trained(kind);
    const exported = join(folder, `${kind} for tfjs`);
    expect(await exportToTfjs(checkpoint, exported)).toEqual({ models: ['encoder', 'classifier'], leftOut: [] });
    const { layers } = runStock(exported, 'classifier', input, probes);
    expectSame({ ...layers, logits: layers['output']! }, ours);
  },
);

test('a grouped convolution is exported as slices, convolutions and a concatenation', async () => {
  const { checkpoint } = await trained('grouped convolutions');
  const exported = join(folder, 'groups');
  await exportToTfjs(checkpoint, exported);
  const { modelTopology } = JSON.parse(readFileSync(join(exported, 'encoder', 'model.json'), 'utf8')) as {
    modelTopology: { config: { layers: { name: string; class_name: string }[] } };
  };
  const made = modelTopology.config.layers.filter(({ name }) => name.startsWith('conv2_convolution'));
  expect(made.map(({ name, class_name }) => `${name} ${class_name}`)).toEqual([
    'conv2_convolution_slice1 Cropping2D',
    'conv2_convolution_slice2 Cropping2D',
    'conv2_convolution_group1 Conv2D',
    'conv2_convolution_group2 Conv2D',
    'conv2_convolution Concatenate',
  ]);
});

test.each([
  ['local response normalisation', /'norm1' \(LocalResponseNormalization\)/],
  ['Leaky ReLU and padded pooling', /'pool1_pad' \(NeverPadding2D\)/],
] as const)('for stock tfjs %s is refused by its name', async (kind, message) => {
  const { checkpoint } = await trained(kind);
  await expect(exportToTfjs(checkpoint, join(folder, 'refused'))).rejects.toThrow(message);
  expect(existsSync(join(folder, 'refused'))).toBe(false);
});

test.each(Object.keys(networks) as Kind[])('every network is written as PyTorch layers: %s', async (kind) => {
  const { checkpoint } = await trained(kind);
  const { inPytorch } = await exportToSafetensors(checkpoint, join(folder, `${kind} for PyTorch`));
  expect(inPytorch).toEqual(['encoder', 'head']);
});

test
  .skipIf(!existsSync(python))
  .each(['Sobel, fc6 and fc7', 'local response normalisation', 'Leaky ReLU and padded pooling'] as const)(
  "the README's PyTorch program gives our features and logits: %s",
  async (kind) => {
    const { checkpoint, pixels, ours, probes } = await trained(kind);
    const exported = join(folder, `${kind} in PyTorch`);
    await exportToSafetensors(checkpoint, exported);
    expectSame(runReadme(exported, pixels, probes).layers, ours);
  },
);
