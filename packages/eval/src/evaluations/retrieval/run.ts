import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { meanAveragePrecision, type Metric } from '@selfsup/kit/metric';
import { permutation, randomKey } from '@selfsup/kit/random';
import { stopIfAsked, type StageContext, type StageInput, type StageResult } from '@selfsup/kit/stage';
import { nearestNeighbours, type Neighbours } from '@selfsup/numerics/nearest-neighbours';
import { NpyReader } from '@selfsup/numerics/npy';
import type { RowSource } from '@selfsup/numerics/row-source';
import { pictures, type Picture } from '@selfsup/report/figures/pictures';
import { eachLayer } from '../../features/each-layer.ts';
import { featureRows } from '../../features/feature-rows.ts';
import { checkSameDataset, type FeatureDescription, type FeatureSet } from '../../features/feature-set.ts';
import { averagePrecision } from '../../measures/average-precision.ts';
import { requireNeed } from '../../measures/require-need.ts';
import type { RetrievalConfig } from './config.ts';
import { resultStrip } from './result-strip.ts';

/** Ranks that are held at once: queries times training images. */
const heldRanks = 2 ** 24;

/**
 * Runs `eval/retrieval`. Throws `UserError` for unknown layers, empty classes, and a dataset that is not the one that
 * the features were extracted from.
 */
export async function measureRetrieval(context: StageContext<RetrievalConfig>): Promise<StageResult> {
  const { config, seed, extent } = context;
  const input = requireNeed(context, 'features');
  const dataset = openDataset(requireNeed(context, 'dataset').blob('lmdb'));
  const shown: Picture[] = [];
  try {
    const results = await eachLayer(context, 'unless-absent', async (features, layer) => {
      const { classes, train, test, description } = features;
      checkSameDataset(description, dataset);
      const wanted = Math.min(config.queries === 'all' ? test.images : config.queries, extent.images);
      const queries = permutation(randomKey(seed, 'retrieval'), test.images).subarray(0, wanted);
      const asked = Array.from(queries, (query) => test.labels[query]!);
      const { metrics, nearest } = await rank(context, features, layer, queries);
      for (const [i, rows] of nearest.entries()) {
        const image = await strip(description, input, dataset, [queries[i]!], rows);
        const name = classes[asked[i]!]!;
        const same = rows.filter((row) => train.labels[row] === asked[i]).length;
        const caption = `${name}: ${same} of ${rows.length} of its class`;
        const alt = `${name}, then the nearest: ${rows.map((row) => classes[train.labels[row]!]!).join(', ')}`;
        shown.push({ image, caption, alt, group: `nearest in ${layer}` });
      }
      return { metrics, labels: { train: train.labels, test: asked } };
    });
    return { ...results, figures: shown.length > 0 ? [pictures({ pictures: shown, beside: true })] : [] };
  } finally {
    await dataset.close();
  }
}

/** Ranks all training images for each query: the metrics, and the nearest rows of the first queries. */
async function rank(
  { config, progress, signal, extent }: StageContext<RetrievalConfig>,
  { train, test, shape, classes }: FeatureSet,
  layer: string,
  queries: Uint32Array,
): Promise<{ readonly metrics: Metric[]; readonly nearest: number[][] }> {
  const { k, metric, vector } = config;
  const most = Math.max(...k);
  extent.fit(
    most,
    train.images,
    () =>
      new UserError(`${most} results of ${train.images} training images`, {
        field: 'k',
        remedy: 'Ask for fewer results, or extract more training images.',
      }),
  );
  const pooling = vector === 'average' ? { adaptiveAverage: 1 } : 'none';
  const bank = featureRows(train, shape, pooling);
  const asked = featureRows(
    { ...test, images: queries.length, gather: (rows) => test.gather(pick(queries, rows)) },
    shape,
    pooling,
  );
  const relevant = classes.map((_, label) => train.labels.filter((other) => other === label).length);
  const answerable = queries.filter((query) => relevant[test.labels[query]!]! > 0).length;
  extent.fit(
    1,
    answerable,
    () =>
      new UserError('No query is of a class that training images show', {
        field: 'queries',
        remedy: 'Ask for more queries, or test on classes that were learned.',
      }),
  );
  const sums = { map: 0, precision: k.map(() => 0), recall: k.map(() => 0) };
  const nearest: number[][] = [];
  const phase = progress.phase(`ranks in ${layer}`, queries.length, 'queries');
  const piece = Math.max(1, Math.floor(heldRanks / train.images));
  for (let start = 0; start < queries.length; start += piece) {
    const count = Math.min(piece, queries.length - start);
    const part: RowSource = { rows: count, width: asked.width, read: (from, n) => asked.read(start + from, n) };
    const found = await nearestNeighbours({
      queries: part,
      bank,
      k: train.images,
      metric,
      onProgress: () => stopIfAsked(signal, 'Stopped while ranking images.'),
    });
    for (let query = 0; query < count; query++) {
      const rows = found.indices.subarray(query * train.images, (query + 1) * train.images);
      const label = test.labels[queries[start + query] as number] as number;
      const isRelevant = Array.from(rows, (row) => train.labels[row] === label);
      if (start + query < config.pictures) nearest.push([...rows.subarray(0, config.shown)]);
      if (relevant[label] === 0) continue; // nothing could be found
      sums.map += averagePrecision(isRelevant, nearness(found, query, metric));
      k.forEach((places, i) => {
        const right = isRelevant.slice(0, places).filter(Boolean).length;
        sums.precision[i]! += right / places;
        sums.recall[i]! += right / (relevant[label] as number);
      });
    }
    phase.advance(count);
  }
  phase.done();
  const title = { head: 'retrieval', protocol: `${metric}${vector === 'average' ? '-average' : ''}`, layer };
  const meanOf = (measure: string, sum: number): Metric => {
    return { ...title, measure, ...meanAveragePrecision, value: sum / Math.max(1, answerable) };
  };
  const atPlaces = k.flatMap((places, i) => [
    meanOf(`precision-at-${places}`, sums.precision[i]!),
    meanOf(`recall-at-${places}`, sums.recall[i]!),
  ]);
  return { metrics: [meanOf('map', sums.map), ...atPlaces], nearest };
}

/** A query's values, turned so that greater is nearer. */
function nearness({ values, k }: Neighbours, query: number, metric: 'cosine' | 'euclidean'): Float32Array {
  const own = values.subarray(query * k, (query + 1) * k);
  return metric === 'cosine' ? own : own.map((distance) => -distance);
}

function pick(from: Uint32Array, rows: ArrayLike<number>): Uint32Array {
  return Uint32Array.from(rows, (row) => from[row] as number);
}

/** A test image and training images beside each other, given as rows of the features. */
async function strip(
  { parts }: FeatureDescription,
  input: StageInput,
  dataset: Dataset,
  query: readonly number[],
  results: readonly number[],
): Promise<Uint8Array> {
  const images = (part: 'train' | 'test', rows: readonly number[]) => {
    const file = new NpyReader(input.blob(`${part}-indices`));
    const indices = file.gather(rows);
    file.close();
    const split = parts[part]!.split;
    return Array.from(indices, (index) => ({
      picture: dataset.picture(split, index),
      label: dataset.labels(split)[index] as number,
    }));
  };
  return resultStrip(images('test', query)[0]!, images('train', results));
}
