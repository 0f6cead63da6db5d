import { UserError } from '@selfsup/kit/errors';
import { accuracy, metricsOf, type Metric } from '@selfsup/kit/metric';
import { stopIfAsked, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { nearestNeighbours, type Neighbours } from '@selfsup/numerics/nearest-neighbours';
import { eachLayer } from '../../features/each-layer.ts';
import { featureRows } from '../../features/feature-rows.ts';
import type { FeatureSet } from '../../features/feature-set.ts';
import { confusionOf } from '../../measures/confusion.ts';
import type { KnnConfig } from './config.ts';
import { rankByVotes } from './votes.ts';

/** Runs `eval/knn`. Throws `UserError` for unknown layers, empty classes, and more neighbours than training images. */
export async function measureKnn(context: StageContext<KnnConfig>): Promise<StageResult> {
  const { config } = context;
  return eachLayer(context, 'unless-absent', async (features, layer) => {
    const { classes, train, test } = features;
    const neighbours = await search(context, features, layer);
    const measured = config.k.map((k) => {
      const { sigma } = config.votes === 'weighted' ? config : {};
      const voting = { k: Math.min(k, neighbours.k), labels: train.labels, classes: classes.length, sigma };
      const ranks = rankByVotes(neighbours, voting, test.labels);
      const title = { head: 'knn', ...protocolOf(config, k), layer };
      const top5 = k >= 5 && classes.length > 5 ? shareWithin(ranks.own, 5) : undefined;
      const metrics = metricsOf(title, { top1: accuracy, top5: accuracy }, { top1: shareWithin(ranks.own, 1), top5 });
      return { title, metrics, first: ranks.first };
    });
    const { title, first } = measured[0]!;
    return {
      metrics: measured.flatMap(({ metrics }) => metrics),
      confusion: { title, matrix: confusionOf(test.labels, first, classes.length) },
      labels: { train: train.labels, test: test.labels },
    };
  });
}

async function search(
  { config, progress, signal, extent }: StageContext<KnnConfig>,
  { train, test, shape }: FeatureSet,
  layer: string,
): Promise<Neighbours> {
  const most = Math.max(...config.k);
  const refusal = () =>
    new UserError(`${most} neighbours among ${train.images} training images`, {
      field: 'k',
      remedy: 'Ask for fewer neighbours, or extract more training images.',
    });
  const phase = progress.phase(`neighbours in ${layer}`, test.images, 'images');
  const pooling = config.vector === 'average' ? { adaptiveAverage: 1 } : 'none';
  let shown = 0;
  const neighbours = await nearestNeighbours({
    queries: featureRows(test, shape, pooling),
    bank: featureRows(train, shape, pooling),
    k: extent.fit(most, train.images, refusal),
    metric: config.metric,
    async onProgress(done) {
      await stopIfAsked(signal, 'Stopped while looking for neighbours.');
      const images = Math.floor(done * test.images);
      phase.advance(images - shown);
      shown = images;
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
