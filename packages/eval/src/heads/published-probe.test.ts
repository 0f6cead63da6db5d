import { expect, test } from 'vitest';
import type { tf } from '@selfsup/engine/tensorflow';
import type { StageResult } from '@selfsup/kit/stage';
import { assignVariables, modelWeights } from '@selfsup/models/weights';
import cachedLayerProbes from '../evaluations/cached-layer-probes/cached-layer-probes.ts';
import classifier from '../evaluations/classifier/classifier.ts';
import features from '../evaluations/features/features.ts';
import linearProbe from '../evaluations/linear-probe/linear-probe.ts';
import { openFeatures } from '../features/feature-set.ts';
import { asInput, randomEncoder, run, shapes } from '../testing/stages.ts';
import { cachedSource } from './cached-source.ts';
import { buildProbe } from './probe-model.ts';
import { readProbe } from './published-probe.ts';

const training = { epochs: 3, batchSize: 40 };

/** Of each layer the share of the test images, in percent, that the published probe gets right. */
async function measuredAgain({ blobs }: StageResult, needs: Parameters<typeof openFeatures>[0]): Promise<number[]> {
  const { description, tensors } = await readProbe(blobs!['probe']!);
  const model = buildProbe(description);
  assignVariables(modelWeights('probe', model), tensors);
  const opened = await Promise.all(description.layers.map(({ layer }) => openFeatures(needs, layer, 'layer')));
  const right = description.layers.map(() => 0);
  let images = 0;
  for await (const batch of cachedSource(opened, { batchSize: 10, dropLast: false }, [0, 0]).test()) {
    const logits = [model.predictOnBatch([...batch.features]) as tf.Tensor | tf.Tensor[]].flat();
    images += batch.labels.length;
    logits.forEach((one, i) => {
      const best = one.argMax(1).dataSync();
      right[i]! += batch.labels.filter((label, image) => best[image] === label).length;
    });
  }
  opened.forEach((one) => one.close());
  return right.map((count) => (100 * count) / images);
}

test('published probes answer as they did when they were measured, alone and together; other heads are not kept', async () => {
  const needs = { encoder: await randomEncoder(), dataset: await shapes(16) };
  const published = { features: asInput('features', await run(features, 'features', { layers: ['conv1', 'conv3'] }, needs)) }; // prettier-ignore
  const alone = await run(linearProbe, 'alone', { ...training, protocol: 'test', layer: 'conv3' }, published);
  const layers = ['conv1', 'conv3'];
  const together = await run(cachedLayerProbes, 'together', { ...training, protocol: 'zhang-small', layers }, published); // prettier-ignore
  for (const result of [alone, together]) {
    const measured = result.metrics.filter(({ measure, epoch }) => measure === 'top1' && epoch === undefined);
    expect(await measuredAgain(result, published.features)).toEqual(measured.map(({ value }) => value));
  }
  const conv = { ...training, protocol: 'test', layer: 'conv3', head: 'conv' };
  expect((await run(classifier, 'conv', conv, published)).blobs).toEqual({});
});
