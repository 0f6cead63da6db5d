import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { tf } from '@selfsup/engine/tensorflow';
import { loadTrunk } from '@selfsup/eval/testing/transfer-parts';
import { randomKey } from '@selfsup/kit/random';
import { saveEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import type { ParameterGroup, Trainee } from '@selfsup/trainer/trainee';
import { noiseBatch } from './labelled-images.ts';
import { repeatedStep } from './repeated-step.ts';

/** AlexNet of `width` channels in conv1 with random weights and folded batch norm, for images of a size, as a transfer loads it. */
export async function foldedAlexNet(width: number, height: number, across = height) {
  const config = { variant: 'rotnet', widthMultiplier: width / 64 };
  const network = await configureNetwork({ name: 'alexnet', ...config });
  const model = network.build({ height: 224, width: 224, channels: 3 }, randomKey(1, 'bench'));
  const normalisation = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };
  const about = { task: 'random', step: 0, epoch: 0, seed: 1, batchNormStatistics: 'joint' } as const;
  const folder = mkdtempSync(join(tmpdir(), 'selfsup-bench-transfer-'));
  try {
    const checkpoint = join(folder, 'checkpoint.safetensors');
    await saveEncoder(
      checkpoint,
      { encoder: model },
      { ...about, network: { name: 'alexnet', config }, normalisation },
    );
    model.dispose();
    return await loadTrunk(checkpoint, { height, width: across, field: 'size' }, 'folded');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Pixels of images of noise. */
export function noise(count: number, height: number, width: number): Uint8Array {
  return noiseBatch({ height, width, channels: 3 }, count).images;
}

/** A step of SGD with momentum on the same batch each time. */
export function transferStep<Batch>(
  models: Readonly<Record<string, tf.LayersModel>>,
  parameterGroups: readonly ParameterGroup[],
  trainee: Pick<Trainee<Batch>, 'step' | 'parts'>,
  batch: Batch,
  weightDecay = 5e-4,
): () => number {
  const sgd = optimizerSchema.parse({ name: 'sgd', nesterov: false, biasLearningRate: 1, weightDecay });
  const instance = { ...trainee, models } as unknown as Parameters<typeof repeatedStep>[0];
  const given = batch as unknown as Parameters<typeof repeatedStep>[2];
  return repeatedStep(instance, new ParameterGroups(sgd, parameterGroups), given, 1e-4);
}
