import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { writeAtomically } from '@selfsup/engine/files';
import { nearestNeighbours, type Neighbours } from '@selfsup/engine/nearest-neighbours';
import { Interrupted, type StageContext, type StageResult } from '@selfsup/engine/stage';
import { confusionOf } from '../confusion.ts';
import { featureRows } from '../feature-rows.ts';
import { openFeatures, refuseEmptyClass, type FeatureSet } from '../feature-set.ts';
import { requireNeed } from '../require-need.ts';
import type { KnnConfig } from './knn.ts';
import { rankByVotes } from './votes.ts';

/** Runs `eval/knn`. Throws `UserError` for unknown layers, empty classes, and more neighbours than training images. */
export async function measureKnn(context: StageContext<KnnConfig>): Promise<StageResult> {
  const { config, workFolder, dryRun } = context;
  await mkdir(workFolder, { recursive: true });
  const input = requireNeed(context, 'features');
  const metrics: Record<string, number> = {};
  const files: Record<string, string> = {};
  for (const layer of config.layers) {
    const features = await openFeatures(input, layer, 'layers');
    try {
      const { classes, train, test } = features;
      if (!dryRun) refuseEmptyClass({ classes, trainLabels: train.labels });
      const neighbours = await search(context, features, layer);
      for (const k of config.k) {
        const { sigma } = config.votes === 'weighted' ? config : {};
        const voting = { k: Math.min(k, neighbours.k), labels: train.labels, classes: classes.length, sigma };
        const ranks = rankByVotes(neighbours, voting, test.labels);
        const title = `knn/${protocolOf(config, k)}/${layer}`;
        metrics[`${title}/top1`] = shareWithin(ranks.own, 1);
        if (k >= 5 && classes.length > 5) metrics[`${title}/top5`] = shareWithin(ranks.own, 5);
        if (files['confusion.json'] !== undefined) continue;
        files['confusion.json'] = join(workFolder, 'confusion.json');
        const matrix = confusionOf(test.labels, ranks.first, classes.length);
        await writeAtomically(files['confusion.json'], `${JSON.stringify({ title, classes, matrix })}\n`);
      }
    } finally {
      features.close();
    }
  }
  return { metrics, files };
}

async function search(
  { config, progress, signal, dryRun }: StageContext<KnnConfig>,
  { train, test, shape }: FeatureSet,
  layer: string,
): Promise<Neighbours> {
  const most = Math.max(...config.k);
  if (most > train.images && !dryRun)
    throw new UserError(`${most} neighbours among ${train.images} training images`, {
      field: 'k',
      remedy: 'Ask for fewer neighbours, or extract more training images.',
    });
  const phase = progress.phase(`neighbours in ${layer}`, test.images, 'images');
  const pooling = config.vector === 'average' ? { adaptiveAverage: 1 } : 'none';
  let shown = 0;
  const neighbours = await nearestNeighbours({
    queries: featureRows(test, shape, pooling),
    bank: featureRows(train, shape, pooling),
    k: Math.min(most, train.images),
    metric: config.metric,
    async onProgress(done) {
      if (signal.aborted) throw new Interrupted('Stopped while looking for neighbours.');
      const images = Math.floor(done * test.images);
      phase.advance(images - shown);
      shown = images;
      await new Promise(setImmediate); // lets a request to stop come through
    },
  });
  phase.done();
  return neighbours;
}

/** All that a result depends on beside the layer, in its name. */
function protocolOf({ metric, votes, sigma, vector }: KnnConfig, k: number): string {
  return `${metric}-${votes === 'plain' ? 'plain' : `weighted${sigma}`}-k${k}${vector === 'average' ? '-average' : ''}`;
}

/** Share of the ranks that are below `places`, in percent. */
function shareWithin(ranks: Float64Array, places: number): number {
  return (100 * ranks.filter((rank) => rank < places).length) / ranks.length;
}
