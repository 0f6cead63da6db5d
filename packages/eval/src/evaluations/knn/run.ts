import type { Remark } from '@selfsup/kit/remark';
import type { Figure } from '@selfsup/kit/figure';
import { accuracy, type Metric, metricsOf } from '@selfsup/kit/metric';
import { confusion } from '@selfsup/report/figures/confusion';
import { titleOf } from '../../heads/head-results.ts';
import { mkdir } from 'node:fs/promises';
import { UserError } from '@selfsup/kit/errors';
import { nearestNeighbours, type Neighbours } from '@selfsup/numerics/nearest-neighbours';
import { Interrupted, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { confusionOf } from '../../measures/confusion.ts';
import { featureRows } from '../../features/feature-rows.ts';
import { emptyClassRemarks, refuseEmptyClass } from '../../measures/empty-classes.ts';
import { openFeatures, type FeatureSet } from '../../features/feature-set.ts';
import { requireNeed } from '../../measures/require-need.ts';
import type { KnnConfig } from './config.ts';
import { rankByVotes } from './votes.ts';

/** Runs `eval/knn`. Throws `UserError` for unknown layers, empty classes, and more neighbours than training images. */
export async function measureKnn(context: StageContext<KnnConfig>): Promise<StageResult> {
  const { config, workFolder, dryRun } = context;
  await mkdir(workFolder, { recursive: true });
  const input = requireNeed(context, 'features');
  const metrics: Metric[] = [];
  const figures: Figure[] = [];
  let remarks: Remark[] = [];
  for (const layer of config.layers) {
    const features = await openFeatures(input, layer, 'layers');
    try {
      const { classes, train, test } = features;
      const { absent } = features.description;
      if (!dryRun) refuseEmptyClass({ classes, trainLabels: train.labels, absent });
      remarks = emptyClassRemarks(classes, { train: train.labels, test: test.labels });
      const neighbours = await search(context, features, layer);
      for (const k of config.k) {
        const { sigma } = config.votes === 'weighted' ? config : {};
        const voting = { k: Math.min(k, neighbours.k), labels: train.labels, classes: classes.length, sigma };
        const ranks = rankByVotes(neighbours, voting, test.labels);
        const title = { head: 'knn', ...protocolOf(config, k), layer };
        const top5 = k >= 5 && classes.length > 5 ? shareWithin(ranks.own, 5) : undefined;
        const measured = { top1: shareWithin(ranks.own, 1), top5 };
        metrics.push(...metricsOf(title, { top1: accuracy, top5: accuracy }, measured));
        if (figures.length > 0) continue;
        const matrix = confusionOf(test.labels, ranks.first, classes.length);
        figures.push(confusion({ title: titleOf(title), classes: [...classes], matrix }));
      }
    } finally {
      features.close();
    }
  }
  return { metrics, figures, remarks };
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
function protocolOf({ metric, votes, sigma, vector }: KnnConfig, k: number): Pick<Metric, 'protocol' | 'family'> {
  const voting = `${metric}-${votes === 'plain' ? 'plain' : `weighted${sigma}`}`;
  const average = vector === 'average' ? '-average' : '';
  return { protocol: `${voting}-k${k}${average}`, family: { name: `${voting}${average}`, parameter: `k = ${k}` } };
}

/** Share of the ranks that are below `places`, in percent. */
function shareWithin(ranks: Float64Array, places: number): number {
  return (100 * ranks.filter((rank) => rank < places).length) / ranks.length;
}
