import { mkdir } from 'node:fs/promises';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { resize, type Picture as Pixels } from '@selfsup/data/pictures';
import { chosenImages } from '@selfsup/data/subset';
import { compiledStep } from '@selfsup/engine/compiled-step';
import { pixelTensor } from '@selfsup/engine/device-tensor';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { meanAveragePrecision, type Metric } from '@selfsup/kit/metric';
import { stopIfAsked, type Figure, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { loadEncoder, type LoadedEncoder } from '@selfsup/models/encoder';
import { normalise } from '@selfsup/models/normalise';
import { classScores } from '@selfsup/report/figures/class-scores';
import { pictures, type Picture } from '@selfsup/report/figures/pictures';
import { precisionRecall } from '@selfsup/report/figures/precision-recall';
import { poolFeatures } from '../../features/pool-features.ts';
import { ranked } from '../../measures/average-precision.ts';
import { requireNeed } from '../../measures/require-need.ts';
import { resultStrip } from '../retrieval/result-strip.ts';
import type { BoxRetrievalConfig } from './config.ts';
import { rankScores, type RankScores } from './rank.ts';

/** Boxes that go through the encoder at once, and queries that are compared at once. */
const AT_ONCE = 64;

type Box = NonNullable<ReturnType<Dataset['annotations']>['boxes']>[number];

/** A box of an image. */
interface Boxed {
  readonly split: string;
  readonly index: number;
  readonly box: Box;
}

/** Runs `eval/box-retrieval`. Throws `UserError` for layers that the encoder does not have, and where no box is large enough. */
export async function measureBoxRetrieval(context: StageContext<BoxRetrievalConfig>): Promise<StageResult> {
  const { config, workFolder } = context;
  await mkdir(workFolder, { recursive: true });
  const encoder = await loadEncoder(requireNeed(context, 'encoder').blob('checkpoint'));
  const dataset = openDataset(requireNeed(context, 'dataset').blob('lmdb'));
  try {
    const [database, queries] = (['train', 'test'] as const).map((part) => boxesOf(dataset, context, part)) as [
      Boxed[],
      Boxed[],
    ];
    const metrics: Metric[] = [];
    const shown: Picture[] = [];
    const figures: Figure[] = [];
    for (const layer of config.layers) {
      const model = vectorsOf(encoder, layer, config);
      const bank = await vectors(context, dataset, encoder, model, database, `boxes to find in ${layer}`);
      const asked = await vectors(context, dataset, encoder, model, queries, `boxes to ask for in ${layer}`);
      try {
        const rows = similarityRows(asked, bank);
        const [labels, found] = [queries, database].map((all) => all.map(({ box }) => box.label)) as [
          number[],
          number[],
        ];
        const scores = rankScores(labels, found, rows, config.k);
        const title = { head: 'box-retrieval', protocol: 'cosine', layer };
        const share = (measure: string, value: number): Metric => ({
          ...title,
          measure,
          ...meanAveragePrecision,
          value,
        });
        metrics.push(share('map', scores.map));
        config.k.forEach((places, i) => metrics.push(share(`precision-at-${places}`, scores.precision[i]!)));
        metrics.push({ ...share('chance', scores.chance), better: 'neither' });
        metrics.push({ ...title, measure: 'queries', unit: 'count', better: 'neither', value: scores.queries });
        figures.push(
          ...scoreFigures(`box-retrieval/cosine/${layer}`, dataset.manifest.classes, scores, database.length),
        );
        const step = Math.max(1, Math.floor(queries.length / Math.max(1, config.pictures)));
        for (let i = 0; i < Math.min(config.pictures, queries.length); i++) {
          const query = i * step;
          const nearest = ranked(rows(query)).slice(0, config.shown);
          shown.push(
            gallery(
              dataset,
              queries[query]!,
              nearest.map((entry) => database[entry]!),
              layer,
            ),
          );
        }
      } finally {
        tf.dispose([bank, asked]);
      }
    }
    if (shown.length > 0) figures.push(pictures({ pictures: shown, beside: true }));
    return { metrics, figures };
  } finally {
    await dataset.close();
    encoder.model.dispose();
  }
}

/** Precision over recall, of all classes and of each, and average precision by class. */
function scoreFigures(title: string, names: readonly string[], scores: RankScores, boxes: number): Figure[] {
  const percent = (share: number): number => 100 * share;
  const points = (curve: RankScores['curve']): [number, number][] => curve.map(([recall, share]) => [recall, share]);
  const { map, curve, classes } = scores;
  const ofClasses = classes.map((one) => ({
    ...{ name: names[one.label]!, positives: one.held, ap: percent(one.map), points: points(one.curve) },
  }));
  const all = { name: 'all classes', positives: boxes, ap: percent(map), points: points(curve) };
  return [
    precisionRecall({ title, classes: [all, ...ofClasses] }),
    classScores({
      ...{ title, measure: 'AP', counted: 'queries' },
      classes: classes.map((one) => ({ name: names[one.label]!, score: percent(one.map), count: one.queries })),
    }),
  ];
}

function boxesOf(
  dataset: Dataset,
  { config, seed, extent }: StageContext<BoxRetrievalConfig>,
  part: 'train' | 'test',
): Boxed[] {
  const { split } = config[part];
  const found: Boxed[] = [];
  for (const index of chosenImages(dataset, config[part], seed, part))
    for (const box of dataset.annotations(split, index).boxes ?? []) {
      const area = (box.right - box.left) * (box.bottom - box.top);
      if (area > config.leastArea && (config.difficult || !box.difficult)) found.push({ split, index, box });
    }
  if (found.length === 0)
    throw new UserError(`No box of ${split} has more than ${config.leastArea} pixels`, {
      field: 'leastArea',
      remedy: 'Ask for smaller boxes, or name a dataset with boxes.',
    });
  return found.slice(0, extent.images);
}

/** From normalised images to vectors of length 1. */
function vectorsOf(encoder: LoadedEncoder, layer: string, { pooling }: BoxRetrievalConfig): tf.LayersModel {
  const { model, probePoints } = encoder;
  const found = model.layers.find(({ name }) => name === layer);
  if (found === undefined)
    throw new UserError(`The encoder has no layer '${layer}'`, {
      field: 'layers',
      remedy: `Use one of: ${[...new Set([...probePoints, model.outputs[0]!.sourceLayer.name])].join(', ')}.`,
    });
  return tf.model({ inputs: model.inputs, outputs: poolFeatures(pooling, 'pool', found.output as tf.SymbolicTensor) });
}

/** The part of an image in a box, warped to a size. */
function warped(picture: Pixels, box: Box, height: number, width: number): Pixels {
  const pixels = new Uint8Array(height * width * picture.channels);
  resize(picture, box, { height, width, filter: 'bilinear', target: pixels });
  return { pixels, height, width, channels: picture.channels };
}

/** Vectors of length 1 of boxes, `[boxes, width]`. Throws `Interrupted` between batches. */
async function vectors(
  { signal, progress }: Pick<StageContext<unknown>, 'signal' | 'progress'>,
  dataset: Dataset,
  { input, normalisation }: LoadedEncoder,
  model: tf.LayersModel,
  boxes: readonly Boxed[],
  title: string,
): Promise<tf.Tensor2D> {
  const { height, width, channels } = input;
  const phase = progress.phase(title, boxes.length, 'boxes');
  const parts: tf.Tensor2D[] = [];
  try {
    for (let start = 0; start < boxes.length; start += AT_ONCE) {
      await stopIfAsked(signal, 'Stopped between boxes.');
      const here = boxes.slice(start, start + AT_ONCE);
      const images = new Uint8Array(here.length * height * width * channels);
      here.forEach(({ split, index, box }, i) => {
        images.set(warped(dataset.picture(split, index), box, height, width).pixels, i * height * width * channels);
      });
      parts.push(
        compiledStep(() =>
          tf.tidy(() => {
            const x = normalise(pixelTensor(images, [here.length, height, width, channels]), normalisation);
            const rows = (model.predictOnBatch(x) as tf.Tensor).reshape<tf.Tensor2D>([here.length, -1]);
            return rows.div<tf.Tensor2D>(rows.norm(2, 1, true).maximum(1e-12));
          }),
        ),
      );
      phase.advance(here.length);
    }
    phase.done();
    return tf.concat2d(parts, 0);
  } finally {
    tf.dispose(parts);
  }
}

/** Cosines of a query with all boxes of the bank, computed for some queries at once. */
function similarityRows(asked: tf.Tensor2D, bank: tf.Tensor2D): (query: number) => Float32Array {
  let [first, held]: [number, Float32Array] = [-1, new Float32Array()];
  const width = bank.shape[0];
  return (query) => {
    const start = query - (query % AT_ONCE);
    if (start !== first) {
      const count = Math.min(AT_ONCE, asked.shape[0] - start);
      const product = tf.tidy(() => tf.matMul(asked.slice([start, 0], [count, -1]), bank, false, true));
      held = product.dataSync<'float32'>().slice();
      product.dispose();
      first = start;
    }
    return held.subarray((query - start) * width, (query - start + 1) * width);
  };
}

/** A query and what is nearest to it, in a row. */
function gallery(dataset: Dataset, query: Boxed, found: readonly Boxed[], layer: string): Picture {
  const cut = ({ split, index, box }: Boxed) => {
    const [height, width] = [
      Math.max(1, Math.round(box.bottom - box.top)),
      Math.max(1, Math.round(box.right - box.left)),
    ];
    return { picture: warped(dataset.picture(split, index), box, height, width), label: box.label };
  };
  const { classes } = dataset.manifest;
  const name = classes[query.box.label]!;
  const same = found.filter(({ box }) => box.label === query.box.label).length;
  return {
    image: resultStrip(cut(query), found.map(cut)),
    caption: `${name}: ${same} of ${found.length} of its class`,
    alt: `${name}, then the nearest: ${found.map(({ box }) => classes[box.label]!).join(', ')}`,
    group: `nearest in ${layer}`,
  };
}
