import { join } from 'node:path';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { saveEncoder } from '@selfsup/models/encoder';
import { classifier, featureShapeOf } from '@selfsup/models/heads';
import { configureNetwork } from '@selfsup/models/network';

/**
 * Writes the checkpoint of a RotNet for images of 16 × 16 that was not trained, and gives its path. Its answers are as sharp
 * as `sharpness` says: of 1 they are hardly sure of anything.
 */
export async function rotationNetwork(folder: string, name: string, sharpness: number): Promise<string> {
  const network = await configureNetwork({ name: 'nin', blocks: 3, width: 12 });
  const encoder = network.build({ height: 16, width: 16, channels: 3 }, randomKey(1));
  const head = classifier(featureShapeOf(encoder), 4, randomKey(2), network.embed);
  head.setWeights(head.getWeights().map((weight) => tf.tidy(() => weight.mul(sharpness))));
  const path = join(folder, `${name}.safetensors`);
  await saveEncoder(
    path,
    { encoder, head },
    {
      task: 'rotnet',
      taskConfig: { quarterTurns: [0, 1, 2, 3] },
      network: { name: network.name, config: network.config },
      normalisation: { mean: [120, 110, 100], std: [60, 61, 62] },
      ...{ step: 10, epoch: 2, seed: 1, batchNormStatistics: 'joint' },
    },
  );
  encoder.dispose();
  head.dispose();
  return path;
}
