import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { measuringView } from '@selfsup/data/augment';
import { createLoader } from '@selfsup/data/loader';
import { requireImages, selectSubset } from '@selfsup/data/subset';
import { UserError } from '@selfsup/kit/errors';
import type { Metric } from '@selfsup/kit/metric';
import { allFinite } from '@selfsup/kit/numbers';
import { stopIfAsked, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { NpyWriter } from '@selfsup/numerics/npy';
import { pictures, type Picture } from '@selfsup/report/figures/pictures';
import { openFrozenInput, type FrozenInput } from '../../features/frozen-input.ts';
import { quarterTurns } from '../../measures/quarter-turns.ts';
import { attentionStrip } from './attention-strip.ts';
import { attentionMap, correlation, type CellMap } from './attention.ts';
import type { AttentionMapsConfig } from './config.ts';

/** More pictures than anyone looks at, and than a report should carry. */
const mostImages = 100;

interface Layer {
  readonly name: string;
  readonly shape: readonly [number, number, number];
  readonly power: number;
  readonly maps: NpyWriter;
  readonly correlations: number[];
}

/**
 * Runs `eval/attention-maps`. Throws `UserError` for unknown layers and such that give no map, for images that are not
 * square, classes without images, and activations that are not finite.
 */
export async function drawAttention(context: StageContext<AttentionMapsConfig>): Promise<StageResult> {
  const { config, workFolder, signal, progress } = context;
  await mkdir(workFolder, { recursive: true });
  const input = await openFrozenInput(context, config.layers, 'layers');
  const layers: Layer[] = [];
  try {
    const { dataset, frozen } = input;
    const { height, width, channels } = frozen.input;
    checkSquare(config, height, width);
    const indices = chooseImages(context, input);
    const blobs: Record<string, string> = {};
    config.layers.forEach((name, i) => {
      const shape = mapShape(name, frozen.shapes[i] as readonly number[]);
      const blob = join(workFolder, `maps-${name}.npy`);
      blobs[`maps-${name}`] = blob;
      const maps = new NpyWriter(blob, '<f4', [indices.length, config.rotations.length, shape[0], shape[1]]);
      layers.push({ name, shape, power: config.powers[name] ?? usualPower(name), maps, correlations: [] });
    });
    const cell = config.cell ?? (height > 64 ? 112 : 64);
    const shown = layers.map((): Picture[] => []);
    const loader = createLoader({
      dataset,
      split: config.split,
      indices,
      batchSize: 1,
      key: [0, 0],
      shuffle: false,
      augment: measuringView(dataset.manifest.image, frozen.input),
      dropLast: false,
      workers: 0,
    });
    const phase = progress.phase('attention', indices.length, 'images');
    let done = 0;
    try {
      for await (const batch of loader.epoch(0)) {
        await stopIfAsked(signal, `Stopped at image ${done} of ${indices.length}.`);
        const size = [height, width, channels] as const;
        const copies = config.rotations.map((angle) => quarterTurns(batch.images as Uint8Array, size, angle / 90));
        const pixels = new Uint8Array(copies.length * height * width * channels);
        copies.forEach((copy, i) => pixels.set(copy, i * copy.length));
        if (done === 0 && copies.length > 1) frozen.assertInference(pixels, copies.length);
        const activations = frozen.extract(pixels, copies.length);
        const index = indices[done] as number;
        const label = dataset.manifest.classes[dataset.labels(config.split)[index] as number] ?? 'unlabelled';
        for (const [i, layer] of layers.entries()) {
          const maps = mapsOf(
            activations[i] as Float32Array,
            layer,
            copies.length,
            `image ${index} of ${config.split}`,
          );
          compareTurned(config, maps, layer);
          const picture = (values: Uint8Array) => ({ pixels: values, height, width, channels });
          const attended = copies.map((copy, turn) => ({ picture: picture(copy), map: maps[turn] as CellMap }));
          const image = attentionStrip(picture(batch.images as Uint8Array), attended, cell);
          const caption = `${label}, ${config.split} image ${index}`;
          const alt = `${caption}, then the attention of ${layer.name} to it turned by ${config.rotations.join('°, ')}°`;
          shown[i]!.push({ image, caption, alt, group: `attention of ${layer.name}, power ${layer.power}` });
        }
        done++;
        phase.advance(1);
      }
    } finally {
      await loader.close();
    }
    phase.done();
    layers.forEach(({ maps }) => maps.close());
    frozen.assertUnchanged();
    const figures = [pictures({ pictures: shown.flat(), beside: true })];
    return { metrics: correlationsOf(layers), figures, blobs };
  } catch (error) {
    layers.forEach(({ maps }) => maps.abandon());
    throw error;
  } finally {
    await input.close();
  }
}

/** The published powers by the number of the convolution. */
function usualPower(layer: string): number {
  const number = Number(/^conv(\d+)$/.exec(layer)?.[1] ?? 1);
  return number <= 1 ? 1 : number === 2 ? 2 : 4;
}

function checkSquare({ rotations }: AttentionMapsConfig, height: number, width: number): void {
  if (height !== width && rotations.some((angle) => angle % 180 !== 0))
    throw new UserError(`Images of ${height} × ${width} have another shape when they are turned by 90°`, {
      field: 'rotations',
      remedy: 'Use [0, 180], or square images.',
    });
}

function mapShape(layer: string, shape: readonly number[]): readonly [number, number, number] {
  if (shape.length === 3) return shape as [number, number, number];
  throw new UserError(`Layer '${layer}' gives a vector, not a map`, {
    field: 'layers',
    remedy: 'Name convolutional layers.',
  });
}

function chooseImages({ config, seed, extent }: StageContext<AttentionMapsConfig>, { dataset }: FrozenInput) {
  const { images, split } = config;
  requireImages(dataset, split, 'split');
  const labels = dataset.labels(split);
  if ('firstPerClass' in images) {
    const held = new Set(labels);
    const empty = dataset.manifest.classes.findIndex((_, label) => !held.has(label));
    if (empty >= 0)
      throw new UserError(`No image of split '${split}' shows class '${dataset.manifest.classes[empty]}'`, {
        field: 'images.firstPerClass',
        remedy: "Choose images with 'count' or 'list', or name another split.",
      });
  }
  const indices = selectSubset(labels, images, seed, 'images');
  if (indices.length > mostImages)
    throw new UserError(`${indices.length} images are more than the ${mostImages} that can be shown`, {
      field: 'images',
      remedy: 'Choose fewer images.',
    });
  return indices.subarray(0, extent.images);
}

/** The maps of all copies, also appended to the layer's file. */
function mapsOf(activations: Float32Array, { name, shape, power, maps }: Layer, copies: number, where: string) {
  const size = shape[0] * shape[1] * shape[2];
  return Array.from({ length: copies }, (_, i) => {
    const map = attentionMap(activations.subarray(i * size, (i + 1) * size), shape, power);
    if (!allFinite(map.values))
      throw new UserError(`The attention of ${name} to ${where} is NaN or infinite`, {
        remedy: `Look for a diverged encoder, or set a smaller power than ${power}.`,
      });
    maps.append(map.values);
    return map;
  });
}

/** Notes how far the maps of turned copies, turned back, are that of the upright one. */
function compareTurned({ rotations }: AttentionMapsConfig, maps: readonly CellMap[], { correlations }: Layer): void {
  const upright = maps[rotations.indexOf(0)];
  if (upright === undefined) return;
  rotations.forEach((angle, i) => {
    if (angle === 0) return;
    const { values, height, width } = maps[i] as CellMap;
    const alike = correlation(upright.values, quarterTurns(values, [height, width, 1], -angle / 90));
    if (alike !== undefined) correlations.push(alike);
  });
}

function correlationsOf(layers: readonly Layer[]): Metric[] {
  const measured = layers.filter(({ correlations }) => correlations.length > 0);
  return measured.map(({ name, power, correlations }) => ({
    ...{ head: 'attention', protocol: `power-${power}`, layer: name, measure: 'rotation-correlation', aside: true },
    family: { name: 'power', parameter: `power ${power}` },
    ...{ unit: 'share', better: 'more' },
    value: correlations.reduce((sum, value) => sum + value, 0) / correlations.length,
  }));
}
