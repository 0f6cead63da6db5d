import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { classifier, featureShapeOf } from './building/heads.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint/checkpoint.ts';
import { loadEncoder, saveEncoder } from './encoder.ts';
import { configureNetwork } from './network.ts';

const folder = mkdtempSync(join(tmpdir(), 'encoder-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'checkpoint.safetensors');

async function savedModels() {
  const network = await configureNetwork({ name: 'nin', blocks: 3, width: 8 });
  const encoder = network.build({ height: 16, width: 16, channels: 1 }, [3, 4]);
  const head = classifier(featureShapeOf(encoder), 4, [5, 6]);
  await saveEncoder(
    path,
    { encoder, head },
    {
      task: 'rotnet',
      network: { name: network.name, config: network.config },
      normalisation: { mean: [70], std: [80] },
      step: 12,
      epoch: 2,
      seed: 1,
      batchNormStatistics: 'joint',
    },
  );
  return { encoder, head };
}

describe('encoder file', () => {
  test('rebuilds the encoder that was saved', async () => {
    const { encoder } = await savedModels();
    const loaded = await loadEncoder(path);
    expect(loaded).toMatchObject({
      input: { height: 16, width: 16, channels: 1 },
      normalisation: { mean: [70], std: [80] },
      probePoints: ['conv1', 'conv2', 'conv3'],
      description: { task: 'rotnet', step: 12, epoch: 2, seed: 1 },
    });
    expect(loaded.network.config).toEqual({ blocks: 3, width: 8, poolAfterBlock3: false });
    const [before, after] = tf.tidy(() => {
      const x = tf.linspace(-1, 1, 512).reshape([2, 16, 16, 1]);
      return [encoder, loaded.model].map((model) => (model.predict(x) as tf.Tensor).dataSync().slice());
    }) as unknown as [Float32Array, Float32Array];
    expect(after).toEqual(before);
  });

  test('refuses weights of another architecture, naming tensor and file', async () => {
    await savedModels();
    const { tensors, metadata } = await readCheckpoint(path);
    const wrong = async (changes: object): Promise<void> => {
      const network = { name: 'nin', config: { ...(metadata['network'] as { config: object }).config, ...changes } };
      await writeCheckpoint(path, { tensors, metadata: { ...metadata, network } });
    };
    await wrong({ width: 16 });
    await expect(loadEncoder(path)).rejects.toMatchObject({
      message: expect.stringMatching(/another architecture.*block1_conv1\/kernel.*\[5, 5, 1, 8\]/),
      file: path,
    });
    await wrong({ blocks: 4 });
    await expect(loadEncoder(path)).rejects.toMatchObject({ field: 'encoder/block4_conv1/kernel' });
    await wrong({ blocks: 9 });
    await expect(loadEncoder(path)).rejects.toMatchObject({ field: 'network.blocks' });
  });

  test('refuses more layers than the network has', async () => {
    await savedModels();
    const { tensors, metadata } = await readCheckpoint(path);
    const more = new Map(tensors).set('encoder/block9_conv1/kernel', { shape: [1], data: new Float32Array(1) });
    await writeCheckpoint(path, { tensors: more, metadata });
    await expect(loadEncoder(path)).rejects.toThrow(/has no encoder\/block9_conv1\/kernel/);
  });

  test.each([NaN, -Infinity])('refuses the weight %d, naming tensor and file', async (value) => {
    await savedModels();
    const { tensors, metadata } = await readCheckpoint(path);
    tensors.get('encoder/block2_conv1/kernel')!.data[5] = value;
    await writeCheckpoint(path, { tensors, metadata });
    await expect(loadEncoder(path)).rejects.toMatchObject({
      name: 'UserError',
      file: path,
      field: 'encoder/block2_conv1/kernel',
      remedy: expect.stringContaining('learning rate'),
    });
  });

  test('refuses a checkpoint that holds no encoder', async () => {
    await writeCheckpoint(path, { tensors: new Map(), metadata: { task: 'rotnet' } });
    await expect(loadEncoder(path)).rejects.toThrow(/no encoder checkpoint/);
  });
});

test('an unknown network is refused with the names there are', async () => {
  await expect(configureNetwork({ name: 'nim' })).rejects.toMatchObject({
    message: "There is no network 'nim'",
    remedy: expect.stringContaining('nin'),
  });
});

test('a mistyped key of a network is named', async () => {
  await expect(configureNetwork({ name: 'nin', widht: 8 })).rejects.toThrow(/widht/);
});
