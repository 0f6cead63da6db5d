import { join } from 'node:path';
import { checkDatasetConfig } from '@selfsup/data/dataset-config';
import { ingest } from '@selfsup/data/ingest';
import type { NetworkSource } from '@selfsup/explore/testing/internals';
import { randomKey } from '@selfsup/kit/random';
import { saveEncoder } from '@selfsup/models/encoder';
import { classifier, featureShapeOf } from '@selfsup/models/heads';
import { configureNetwork } from '@selfsup/models/network';
import type { Published } from './published.ts';

/** AlexNet at 224 pixels with random weights, its encoder alone and with the head with which RotNet trains it; shapes to look at. */
export async function makeAlexNet(folder: string): Promise<Published> {
  const network = await configureNetwork({ name: 'alexnet' });
  const encoder = network.build({ height: 224, width: 224, channels: 3 }, randomKey(1));
  const head = classifier(featureShapeOf(encoder), 4, randomKey(2), network.embed);
  const networks: NetworkSource[] = [];
  for (const [label, task] of [
    ['encoder', 'random'],
    ['rotnet', 'rotnet'],
  ] as const) {
    // prettier-ignore
    const checkpoint = join(folder, `alexnet-${label}.safetensors`);
    await saveEncoder(checkpoint, task === 'rotnet' ? { encoder, head } : { encoder }, {
      ...{ task, taskConfig: { quarterTurns: [0, 1, 2, 3] }, step: 0, epoch: 0, seed: 1, batchNormStatistics: 'joint' },
      network: { name: network.name, config: network.config },
      normalisation: { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] },
    });
    networks.push({ label, checkpoint });
  }
  encoder.dispose();
  head.dispose();
  const config = await checkDatasetConfig({ sources: [{ type: 'shapes', size: 224, train: 10, test: 10 }] });
  const silent = { phase: () => ({ advance: () => undefined, done: () => undefined }), note: () => undefined, warn: () => undefined }; // prettier-ignore
  const common = { progress: silent, signal: new AbortController().signal, datasetFolder: folder };
  const { folder: lmdb } = await ingest({ name: 'shapes', config, workFolder: folder, ...common });
  return { networks, lmdb };
}
