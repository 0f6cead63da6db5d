import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceUniform } from '@selfsup/engine/platform';
import { averagePool, maxPool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { classifier, featureShapeOf } from '../building/heads.ts';
import { readCheckpoint } from '../checkpoint/checkpoint.ts';
import { loadEncoder, saveEncoder } from '../encoder.ts';
import { configureNetwork } from '../network.ts';
import { disturb, largestDifference, python, runReadme, runStock } from '../testing/exported.ts';
import { exportToSafetensors } from './safetensors.ts';
import { stockTopology } from './stock-topology.ts';
import { exportToTfjs } from './tfjs.ts';

const folder = mkdtempSync(join(tmpdir(), 'selfsup-export-'));
const checkpoint = join(folder, 'checkpoint.safetensors');
const probes = ['conv1', 'conv2', 'conv3', 'conv4'];
const normalisation = { mean: [125.3, 123, 113.9], std: [63, 62.1, 66.7] };
let pixels: tf.Tensor4D;
let input: tf.Tensor4D;
let ours: Record<string, Float32Array>;

beforeAll(async () => {
  const network = await configureNetwork({ name: 'nin', blocks: 4, width: 12 });
  const encoder = network.build({ height: 32, width: 32, channels: 3 }, randomKey(1, 'network'));
  const head = classifier(featureShapeOf(encoder), 4, randomKey(1, 'head'));
  disturb('encoder', encoder);
  disturb('head', head);
  await saveEncoder(
    checkpoint,
    { encoder, head },
    {
      task: 'rotnet',
      network: { name: 'nin', config: { blocks: 4, width: 12 } },
      normalisation,
      step: 30,
      epoch: 3,
      seed: 1,
      batchNormStatistics: 'joint',
    },
  );
  pixels = deviceUniform(randomKey(2, 'images'), [2, 32, 32, 3], 0, 255).round() as tf.Tensor4D;
  input = pixels.sub(tf.tensor1d(normalisation.mean)).div(tf.tensor1d(normalisation.std)) as tf.Tensor4D;
  const maps = tf.model({
    inputs: encoder.inputs,
    outputs: probes.map((name) => encoder.getLayer(name).output as tf.SymbolicTensor),
  });
  const features = maps.predict(input) as tf.Tensor[];
  const logits = head.predict(features.at(-1)!) as tf.Tensor;
  ours = Object.fromEntries([...features, logits].map((t, i) => [probes[i] ?? 'logits', t.dataSync() as Float32Array]));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('stock tfjs in a plain process gives our features and logits', async () => {
  const exported = join(folder, 'tfjs');
  expect(await exportToTfjs(checkpoint, exported)).toEqual({ models: ['encoder', 'classifier'], leftOut: [] });
  const encoder = runStock(exported, 'encoder', input, probes);
  expect([encoder.backend, encoder.version]).toEqual(['cpu', '4.22.0']);
  for (const name of probes) expect(largestDifference(encoder.layers[name]!, ours[name]!), name).toBeLessThan(1e-4);
  const whole = runStock(exported, 'classifier', input, ['conv2']);
  expect(largestDifference(whole.layers['conv2']!, ours['conv2']!)).toBeLessThan(1e-4);
  expect(largestDifference(whole.layers['output']!, ours['logits']!)).toBeLessThan(1e-4);
});

test('an export holds only stock layer names, says what it takes, and leaves no temporary files', async () => {
  const exported = join(folder, 'described');
  await exportToTfjs(checkpoint, exported);
  await exportToTfjs(checkpoint, exported);
  expect(readdirSync(exported).sort()).toEqual(['README.md', 'classifier', 'encoder']);
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  const model = JSON.parse(readFileSync(join(exported, 'encoder', 'model.json'), 'utf8'));
  expect(model.userDefinedMetadata).toMatchObject({ task: 'rotnet', probePoints: probes, normalisation });
  expect(readFileSync(join(exported, 'README.md'), 'utf8')).toContain('| `conv2` | [batch, 8, 8, 12] |');
});

test('a folder with other things in it is left alone', async () => {
  const taken = join(folder, 'taken');
  await exportToTfjs(checkpoint, taken);
  writeFileSync(join(taken, 'thesis.tex'), 'years of work');
  await expect(exportToTfjs(checkpoint, taken)).rejects.toThrow(/other things, such as thesis.tex/);
  await expect(exportToSafetensors(checkpoint, taken)).rejects.toThrow(/other things/);
  expect(readFileSync(join(taken, 'thesis.tex'), 'utf8')).toBe('years of work');
});

test('a layer without a stock form is named', () => {
  const image = tf.input({ shape: [8, 8, 3] });
  const padded = { size: 3, stride: 2, padding: 1 };
  const pooled = averagePool({ name: 'soft', ...padded }).apply(image);
  stockTopology(tf.model({ inputs: image, outputs: pooled }));
  const model = tf.model({ inputs: image, outputs: maxPool({ name: 'hard', ...padded }).apply(image) });
  expect(() => stockTopology(model)).toThrow(/'hard_pad' \(NeverPadding2D\)/);
});

test('safetensors: optimiser slots stay behind, the file is a checkpoint again, the README lists every tensor', async () => {
  const exported = join(folder, 'weights');
  const { tensors, inPytorch } = await exportToSafetensors(checkpoint, exported);
  expect(inPytorch).toEqual(['encoder', 'head']);
  const file = join(exported, 'weights.safetensors');
  const before = await readCheckpoint(checkpoint);
  const after = await readCheckpoint(file);
  expect([...after.tensors.keys()].sort()).toEqual([...before.tensors.keys()].sort());
  expect(after.tensors.get('encoder/block1_conv1/kernel')).toEqual(before.tensors.get('encoder/block1_conv1/kernel'));
  (await loadEncoder(file)).model.dispose();
  const readme = readFileSync(join(exported, 'README.md'), 'utf8');
  for (const name of tensors) expect(readme).toContain(`\`${name}\``);
  expect(readme).toContain('| `encoder/block1_conv1/kernel` | [5, 5, 3, 12] | HWIO |');
});

test.skipIf(!existsSync(python))("the README's PyTorch program gives our features and logits", async () => {
  const exported = join(folder, 'pytorch');
  await exportToSafetensors(checkpoint, exported);
  const { stdout, layers: theirs } = runReadme(exported, pixels, probes);
  expect(stdout).toContain('conv2 (2, 12, 8, 8)');
  for (const [name, values] of Object.entries(ours)) {
    expect(largestDifference(theirs[name]!, values), name).toBeLessThan(1e-4);
  }
});
