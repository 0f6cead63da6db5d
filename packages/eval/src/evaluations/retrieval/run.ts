import type { Remark } from '@selfsup/kit/remark';
import { meanAveragePrecision, type Metric } from '@selfsup/kit/metric';
import { type Picture, pictures } from '@selfsup/report/figures/pictures';
import { mkdir } from 'node:fs/promises';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { nearestNeighbours, type Neighbours } from '@selfsup/numerics/nearest-neighbours';
import { permutation, randomKey } from '@selfsup/kit/random';
import type { RowSource } from '@selfsup/numerics/row-source';
import { Interrupted, type StageContext, type StageInput, type StageResult } from '@selfsup/kit/stage';
import { averagePrecision } from '../../measures/average-precision.ts';
import { featureRows } from '../../features/feature-rows.ts';
import { emptyClassRemarks, refuseEmptyClass } from '../../measures/empty-classes.ts';
import { openFeatures, type FeatureDescription, type FeatureSet } from '../../features/feature-set.ts';
import { NpyReader } from '@selfsup/numerics/npy';
import { requireNeed } from '../../measures/require-need.ts';
import { checkSameDataset } from '../../features/same-dataset.ts';
import { resultStrip } from './result-strip.ts';
import type { RetrievalConfig } from './config.ts';

/** Ranks that are held at once: queries times training images. */
const heldRanks = 2 ** 24;

/**
 * Runs `eval/retrieval`. Throws `UserError` for unknown layers, empty classes, and a dataset that is not the one that
 * the features were extracted from.
 */
export async function measureRetrieval(context: StageContext<RetrievalConfig>): Promise<StageResult> {
  const { config, seed, workFolder, dryRun } = context;
  await mkdir(workFolder, { recursive: true });
  const input = requireNeed(context, 'features');
  const dataset = openDataset(requireNeed(context, 'dataset').blob('lmdb'));
  const metrics: Metric[] = [];
  const shown: Picture[] = [];
  let remarks: Remark[] = [];
  try {
    for (const layer of config.layers) {
      const features = await openFeatures(input, layer, 'layers');
      try {
        checkSameDataset(features.description, dataset);
        const { classes, train, description } = features;
        if (!dryRun) refuseEmptyClass({ classes, trainLabels: train.labels, absent: description.absent });
        const { images, labels } = features.test;
        const wanted = config.queries === 'all' ? images : Math.min(config.queries, images);
        const queries = permutation(randomKey(seed, 'retrieval'), images).subarray(0, dryRun ? 2 : wanted);
        const asked = Array.from(queries, (query) => labels[query]!);
        remarks = emptyClassRemarks(classes, { train: train.labels, test: asked });
        const nearest = await rank(context, features, layer, queries, metrics);
        for (const [i, rows] of nearest.entries()) {
          const image = await strip(features.description, input, dataset, [queries[i] as number], rows);
          const name = (label: number): string => features.classes[label] as string;
          const label = features.test.labels[queries[i] as number] as number;
          const same = rows.filter((row) => features.train.labels[row] === label).length;
          const caption = `${name(label)}: ${same} of ${rows.length} of its class`;
          const found = rows.map((row) => name(features.train.labels[row] as number)).join(', ');
          const alt = `${name(label)}, then the nearest: ${found}`;
          shown.push({ image, caption, alt, group: `nearest in ${layer}` });
        }
      } finally {
        features.close();
      }
    }
  } finally {
    await dataset.close();
  }
  return { metrics, figures: shown.length > 0 ? [pictures({ pictures: shown, beside: true })] : [], remarks };
}

/** Ranks all training images for each query, adds the metrics, and gives the nearest rows of the first queries. */
async function rank(
  { config, progress, signal, dryRun }: StageContext<RetrievalConfig>,
  { train, test, shape, classes }: FeatureSet,
  layer: string,
  queries: Uint32Array,
  metrics: Metric[],
): Promise<number[][]> {
  const { k, metric, vector } = config;
  const most = Math.max(...k);
  if (most > train.images && !dryRun)
    throw new UserError(`${most} results of ${train.images} training images`, {
      field: 'k',
      remedy: 'Ask for fewer results, or extract more training images.',
    });
  const pooling = vector === 'average' ? { adaptiveAverage: 1 } : 'none';
  const bank = featureRows(train, shape, pooling);
  const asked = featureRows(
    { ...test, images: queries.length, gather: (rows) => test.gather(pick(queries, rows)) },
    shape,
    pooling,
  );
  const relevant = classes.map((_, label) => train.labels.filter((other) => other === label).length);
  const answerable = queries.filter((query) => relevant[test.labels[query]!]! > 0).length;
  if (answerable === 0 && !dryRun)
    throw new UserError('No query is of a class that training images show', {
      field: 'queries',
      remedy: 'Ask for more queries, or test on classes that were learned.',
    });
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
      async onProgress() {
        if (signal.aborted) throw new Interrupted('Stopped while ranking images.');
        await new Promise(setImmediate); // lets a request to stop come through
      },
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
  const add = (measure: string, sum: number): void =>
    void metrics.push({ ...title, measure, ...meanAveragePrecision, value: sum / Math.max(1, answerable) });
  add('map', sums.map);
  k.forEach((places, i) => {
    add(`precision-at-${places}`, sums.precision[i]!);
    add(`recall-at-${places}`, sums.recall[i]!);
  });
  return nearest;
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
