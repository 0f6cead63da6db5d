import { UserError } from '@selfsup/kit/errors';
import type { Metric } from '@selfsup/kit/metric';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { clusteringScores } from '@selfsup/numerics/clustering-scores';
import { kmeans } from '@selfsup/numerics/kmeans';
import { fitPca, normaliseRows, projectedRows } from '@selfsup/numerics/pca';
import { mappedRows, type RowSource } from '@selfsup/numerics/row-source';
import { eachLayer } from '../../features/each-layer.ts';
import { featureRows } from '../../features/feature-rows.ts';
import type { FeatureSet } from '../../features/feature-set.ts';
import type { ClusteringScoresConfig } from './config.ts';

/** Runs `eval/clustering-scores`. Throws `UserError` for unknown layers, empty classes, and as k-means and PCA do. */
export async function measureClusters(context: StageContext<ClusteringScoresConfig>): Promise<StageResult> {
  const { config, seed, progress, signal, extent } = context;
  const { restarts } = config;
  const iterations = Math.min(config.iterations, extent.epochs);
  return eachLayer(context, 'unless-absent', async (features, layer) => {
    const { labels, images } = features[config.part];
    const rows = await vectors(context, features);
    const metrics: Metric[] = [];
    for (const k of config.k ?? [features.classes.length]) {
      const refusal = () =>
        new UserError(`${k} clusters of ${images} images`, { field: 'k', remedy: 'Ask for fewer clusters.' });
      const found = await kmeans(rows, {
        k: extent.fit(k, images, refusal),
        seed,
        iterations,
        restarts,
        progress,
        signal,
      });
      const scores = clusteringScores(found.assignment, labels);
      const title = { head: 'clusters', ...protocolOf(config, k), layer };
      const nmi = Object.entries(scores.nmi).map(([mean, value]) => [`nmi-${mean}`, value] as const);
      const { ami, purity, hungarianAccuracy: hungarian } = scores;
      for (const [measure, value] of [...nmi, ...Object.entries({ ami, purity, hungarian })])
        metrics.push({ ...title, measure, unit: 'share', better: 'more', value });
    }
    return { metrics, labels: { test: labels } };
  });
}

async function vectors(context: StageContext<ClusteringScoresConfig>, features: FeatureSet): Promise<RowSource> {
  const { config, progress, signal, extent } = context;
  const rows = featureRows(features[config.part], features.shape, config.pooling);
  const { normalise } = config;
  if (config.pca !== undefined) {
    const most = Math.min(rows.rows - 1, rows.width);
    const refusal = () =>
      new UserError(`${config.pca} components of ${rows.rows} images of ${rows.width} values`, {
        field: 'pca',
        remedy: `Ask for at most ${most}.`,
      });
    const components = extent.fit(config.pca, most, refusal);
    const pca = await fitPca(rows, { components, progress, signal });
    return projectedRows(rows, pca, { normalise });
  }
  if (!normalise) return rows;
  return mappedRows(rows, rows.width, (values) => {
    const unit = values.slice(); // sources may hand out memory of their own
    normaliseRows(unit, rows.width);
    return unit;
  });
}

/** All that a result depends on beside the layer and the pooling. */
function protocolOf({ pca, normalise, part }: ClusteringScoresConfig, k: number): Pick<Metric, 'protocol' | 'family'> {
  const how = `${pca === undefined ? '' : `-pca${pca}`}${normalise ? '' : '-raw'}${part === 'test' ? '-test' : ''}`;
  return { protocol: `kmeans-k${k}${how}`, family: { name: `kmeans${how}`, parameter: `k = ${k}` } };
}
