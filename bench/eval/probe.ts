// eval/linear-probe on features of a file, or the weights and orders that it begins with: probe.ts <JSON settings>.
import { join } from 'node:path';
import { tf } from '@selfsup/engine/tensorflow';
import probe from '@selfsup/eval/evaluations/linear-probe';
import { runCachedHead } from '@selfsup/eval/head-stage';
import { buildHead } from '@selfsup/eval/heads';
import { deriveKey, permutation, randomKey } from '@selfsup/kit/random';
import { NpyWriter, writeNpy } from '@selfsup/numerics/npy';
import { figureData } from '@selfsup/report/testing/figure-data';
import { contextOf, time, type BenchSettings } from './stage-input.ts';

const settings = JSON.parse(process.argv[2]!) as BenchSettings & { epochs: number; batchSize: number; start?: boolean };
const { folder, layer, shape, classes, train, epochs, batchSize } = settings;
const protocol = 'bench';
const context = contextOf(probe, { protocol, layer, epochs, batchSize, pooling: 'none' }, settings);
const { config, seed } = context;
const kind = { ...config, head: 'linear' } as const;
const key = randomKey(seed, 'head', 'linear', protocol);
if (settings.start) {
  const model = buildHead(kind, { shape, classes, key, initialiser: config.initialiser });
  const [kernel, bias] = model.getLayer('linear').getWeights();
  writeNpy(join(folder, 'start-kernel.npy'), '<f4', kernel!.shape, kernel!.dataSync<'float32'>());
  writeNpy(join(folder, 'start-bias.npy'), '<f4', bias!.shape, bias!.dataSync<'float32'>());
  const order = new NpyWriter(join(folder, 'order.npy'), '<i4', [epochs, train]);
  for (let epoch = 0; epoch < epochs; epoch++)
    order.append(Int32Array.from(permutation(deriveKey(key, 'order', epoch), train)));
  order.close();
  console.log('{}');
} else {
  tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])).dispose(); // the library is loaded, as PyTorch is
  await time(async () => {
    const curve = figureData(await runCachedHead(context, kind), 'curve');
    return {
      losses: curve.train.map((point) => point['loss']),
      accuracies: curve.test.map((point) => point['top1']),
    };
  });
}
