// eval/knn on features of a file, or its neighbours alone where they are asked for: knn.ts <JSON settings>.
import { writeFileSync } from 'node:fs';
import { tf } from '@selfsup/engine/tensorflow';
import knn from '@selfsup/eval/evaluations/knn';
import { measureKnn } from '@selfsup/eval/evaluations/knn/run';
import { featureRows } from '@selfsup/eval/feature-rows';
import { openFeatures } from '@selfsup/eval/feature-set';
import { metricValues } from '@selfsup/kit/metric';
import { nearestNeighbours } from '@selfsup/numerics/nearest-neighbours';
import { contextOf, time, type BenchSettings } from './stage-input.ts';

const settings = JSON.parse(process.argv[2]!) as BenchSettings & { k: number[]; sigma: number; neighbours?: string };
const { layer, k, sigma, neighbours } = settings;
const context = contextOf(knn, { layers: [layer], k, sigma }, settings);
tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])).dispose(); // the library is loaded, as the oracles are
if (neighbours === undefined) {
  await time(async () => {
    const metrics = metricValues((await measureKnn(context)).metrics);
    return {
      accuracies: Object.fromEntries(
        k.map((one) => [one, metrics[`knn/cosine-weighted${sigma}-k${one}/${layer}/top1`]]),
      ),
    };
  });
} else {
  const { train, test, shape } = await openFeatures(context.needs.features!, layer);
  const [queries, bank] = [featureRows(test, shape, 'none'), featureRows(train, shape, 'none')];
  const { indices } = await nearestNeighbours({ queries, bank, k: Math.max(...k), metric: 'cosine' });
  writeFileSync(neighbours, new Uint8Array(indices.buffer));
  console.log('{}');
}
