import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import type { Metric } from '@selfsup/kit/metric';
import { permutation, randomKey } from '@selfsup/kit/random';
import { stopIfAsked, type Figure, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { nearestNeighbours } from '@selfsup/numerics/nearest-neighbours';
import { NpyReader } from '@selfsup/numerics/npy';
import { fitPca, projectedRows } from '@selfsup/numerics/pca';
import { memoryRows, type RowSource } from '@selfsup/numerics/row-source';
import { scatterSvg } from '@selfsup/report/charts';
import { scatter, type Scatter } from '@selfsup/report/figures/scatter';
import { eachLayer } from '../../features/each-layer.ts';
import { featureRows } from '../../features/feature-rows.ts';
import { checkSameDataset, type FeatureSet } from '../../features/feature-set.ts';
import { requireNeed } from '../../measures/require-need.ts';
import { mostClasses, type FeatureMapConfig } from './config.ts';
import { keptNeighbours, unitCoordinates } from './coordinates.ts';
import { thumbnailMap } from './thumbnail-map.ts';
import { umap } from './umap.ts';

type Context = StageContext<FeatureMapConfig>;
type Method = FeatureMapConfig['methods'][number];

/** Values a row beyond which a covariance takes too much memory and its axes too long. */
const widestRows = 4096;
const methodNames = { pca: 'PCA', umap: 'UMAP' } as const;

/**
 * Runs `eval/feature-map`. Throws `UserError` for unknown layers and classes, coloured classes without images, features
 * that are not finite, vectors too long for PCA, and a dataset that is not the one of the features.
 */
export async function mapFeatures(context: Context): Promise<StageResult> {
  const { config, seed, workFolder, extent } = context;
  const input = requireNeed(context, 'features');
  const dataset = config.thumbnails > 0 ? openDataset(requireNeed(context, 'dataset').blob('lmdb')) : undefined;
  const files: Record<string, string> = {};
  try {
    const results = await eachLayer(context, 'allowed', async (features, layer) => {
      if (dataset !== undefined) checkSameDataset(features.description, dataset);
      const { images, labels } = features[config.part];
      const coloured = colouredClasses(context, features);
      const drawn = permutation(randomKey(seed, 'feature-map'), images).subarray(
        0,
        Math.min(config.images, extent.images),
      );
      const shown = Int32Array.from(drawn, (image) => coloured.indexOf(labels[image]!));
      const { metrics, found } = await coordinatesOf(context, features, layer, drawn);
      const figures: Figure[] = [];
      for (const { method, coordinates, labels: axes } of found) {
        const unit = unitCoordinates(coordinates);
        const title = `${layer}, ${methodNames[method]}`;
        const names = coloured.map((label) => features.classes[label]!);
        const map = scatterOf(title, axes, unit, shown, names);
        const name = `map-${layer}-${method}.svg`;
        files[name] = join(workFolder, name);
        await writeFile(files[name], scatterSvg(map));
        if (dataset === undefined) {
          figures.push(scatter(map));
          continue;
        }
        const pictureOf = pictures(input.blob(`${config.part}-indices`), dataset, features, config.part, drawn);
        const image = await thumbnailMap(unit, config.thumbnails, pictureOf);
        const alt = `images at their places in the map of ${title}`;
        figures.push(scatter({ ...map, picture: { image, alt } }));
      }
      return { metrics, figures };
    });
    return { ...results, files };
  } finally {
    await dataset?.close();
  }
}

/** Labels of the classes that are coloured. */
function colouredClasses({ config, extent }: Context, features: FeatureSet): number[] {
  const { classes } = features;
  const wanted = config.classes ?? classes.slice(0, mostClasses);
  const held = new Set(features[config.part].labels);
  return wanted.map((name) => {
    const label = classes.indexOf(name);
    if (label < 0)
      throw new UserError(`There is no class '${name}'`, {
        field: 'classes',
        remedy: `Use some of: ${classes.slice(0, 100).join(', ')}.`,
      });
    if (!held.has(label))
      extent.tooFew(
        new UserError(`No ${config.part} image shows class '${name}'`, {
          field: 'classes',
          remedy: "Name classes that have images, or extract more of them in the stage that 'features' names.",
        }),
      );
    return label;
  });
}

interface Mapped {
  readonly method: Method;
  /** `[images, 2]`. */
  readonly coordinates: Float32Array;
  readonly labels: readonly [x: string, y: string];
}

/** Places by each method, and the metrics. */
async function coordinatesOf(
  { config, seed, progress, signal, extent }: Context,
  features: FeatureSet,
  layer: string,
  drawn: Uint32Array,
): Promise<{ readonly metrics: Metric[]; readonly found: Mapped[] }> {
  const { part, vector, metric, methods } = config;
  const rows = drawnRows(features, part, vector, drawn);
  const neighbours = extent.fit(
    config.neighbours,
    rows.rows - 1,
    () =>
      new UserError(`${config.neighbours} neighbours of each of ${rows.rows} images`, {
        field: 'neighbours',
        remedy: 'Ask for fewer neighbours, or for more images.',
      }),
  );
  if (rows.width > widestRows)
    throw new UserError(`${layer} has ${rows.width} values an image, more than the ${widestRows} that PCA takes here`, {
      field: 'vector',
      remedy: "Set it to 'average'.",
    });
  const pca = await fitPca(rows, { components: 2, progress, signal });
  const first = (await projectedRows(rows, pca, { eigenPower: 0 }).read(0, rows.rows)).slice();
  const onProgress = () => stopIfAsked(signal, 'Stopped while looking for neighbours.');
  const search = { queries: rows, bank: rows, metric, onProgress };
  const own = await nearestNeighbours({ ...search, k: neighbours, leaveOneOut: true });
  const metrics: Metric[] = [];
  const found: Mapped[] = [];
  for (const method of methods) {
    const title = { head: 'map', protocol: protocolOf(config, method), layer, aside: true } as const;
    const share = { unit: 'share', better: 'more' } as const;
    let coordinates: Float32Array = first;
    let labels: Mapped['labels'];
    if (method === 'pca') {
      const shares = [...pca.variances].map((variance) => (pca.totalVariance > 0 ? variance / pca.totalVariance : 0));
      metrics.push({ ...title, measure: 'explained-variance', ...share, value: shares[0]! + shares[1]! });
      const [x, y] = shares.map((share, i) => `component ${i + 1}, ${(100 * share).toFixed(1)} % of the variance`);
      labels = [x!, y!];
    } else {
      const withItself = await nearestNeighbours({ ...search, k: neighbours });
      // Distances; in rounding, similarities come out above 1.
      const values = withItself.values.map((value) => (metric === 'cosine' ? Math.max(0, 1 - value) : value));
      let phase: ReturnType<typeof progress.phase> | undefined;
      coordinates = await umap({
        neighbours: { ...withItself, values },
        start: first,
        minDistance: config.umap.minDistance,
        epochs: config.umap.epochs,
        mostEpochs: extent.epochs,
        key: randomKey(seed, 'feature-map', layer),
        signal,
        onEpoch: (all) => (phase ??= progress.phase(`UMAP of ${layer}`, all, 'epochs')).advance(1),
      });
      phase?.done();
      labels = ['UMAP 1', 'UMAP 2'];
    }
    metrics.push({ ...title, measure: 'neighbours-kept', ...share, value: await keptNeighbours(own, coordinates) });
    found.push({ method, coordinates, labels });
  }
  return { metrics, found };
}

/** Features of the drawn images, in their order. */
function drawnRows(
  features: FeatureSet,
  part: 'train' | 'test',
  vector: FeatureMapConfig['vector'],
  drawn: Uint32Array,
): RowSource {
  const split = features[part];
  const gather = (rows: ArrayLike<number>): Float32Array =>
    split.gather(Uint32Array.from(rows, (row) => drawn[row] as number));
  const pooling = vector === 'average' ? { adaptiveAverage: 1 } : 'none';
  const rows = featureRows({ ...split, images: drawn.length, gather }, features.shape, pooling);
  // They are read several times: kept where they fit.
  return rows.rows * rows.width <= 2 ** 26 ? memoryRows(rows.read(0, rows.rows) as Float32Array, rows.width) : rows;
}

/** All that a map depends on beside the layer. */
function protocolOf(
  { part, vector, metric, neighbours, umap: { minDistance } }: FeatureMapConfig,
  method: Method,
): string {
  const own = method === 'umap' ? `-${metric}-k${neighbours}-d${minDistance}` : '';
  return `${method}${own}${vector === 'flatten' ? '-flatten' : ''}${part === 'train' ? '-train' : ''}`;
}

function scatterOf(
  title: string,
  [xLabel, yLabel]: readonly [string, string],
  coordinates: Float32Array,
  label: Int32Array,
  names: readonly string[],
): Scatter {
  const along = (axis: 0 | 1): number[] =>
    Array.from(label, (_, i) => Number((coordinates[2 * i + axis] as number).toFixed(4)));
  return {
    title,
    xLabel,
    yLabel,
    classes: names.map((name, i) => ({ name, count: label.filter((one) => one === i).length })),
    x: along(0),
    y: along(1),
    label: [...label],
  };
}

/** The picture of each drawn image. */
function pictures(
  indexFile: string,
  dataset: Dataset,
  { description }: FeatureSet,
  part: 'train' | 'test',
  drawn: Uint32Array,
) {
  const file = new NpyReader(indexFile);
  const indices = file.gather(drawn);
  file.close();
  const { split } = description.parts[part]!;
  return (image: number) => dataset.picture(split, indices[image] as number);
}
