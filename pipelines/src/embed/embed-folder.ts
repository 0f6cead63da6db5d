import { join } from 'node:path';
import { passedOverText } from '@selfsup/data/wording';
import { freezeEncoder } from '@selfsup/eval/frozen-encoder';
import { UserError } from '@selfsup/kit/errors';
import type { Progress } from '@selfsup/kit/progress';
import { loadEncoder } from '@selfsup/models/encoder';
import { createFeaturesFile } from './features-file.ts';
import { findImages } from './find-images.ts';
import { readImage, type ReadImage } from './read-image.ts';

export interface EmbedOptions {
  /** An encoder checkpoint. */
  readonly checkpoint: string;
  readonly folder: string;
  /** A probe point; `conv2` where the network has it, else its last, when not given. */
  readonly layer?: string | undefined;
  /** `avg`: the mean over height and width, [n, channels]; `none`: all of the map, [n, height · width · channels]. */
  readonly pool: 'avg' | 'none';
  /** A `.npy` or `.csv`. */
  readonly to: string;
  readonly progress: Progress;
  readonly batchSize?: number;
}

/** Pictures that are decoded at the same time: one of 12 million pixels takes 36 MB. */
const readAtOnce = 8;

export interface Embedded {
  readonly layer: string;
  readonly count: number;
  readonly dimension: number;
  /** Pictures that were turned as their EXIF orientation says. */
  readonly turned: number;
  /** Pictures that could not be read, and why. No row stands for them. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly files: readonly string[];
}

/**
 * Features of all pictures below a folder, from a frozen encoder with batch norm in inference mode, in the order of
 * their sorted paths. Throws `UserError` where nothing could be read, the layer is unknown or the file cannot be written.
 */
export async function embedFolder(options: EmbedOptions): Promise<Embedded> {
  const { progress, batchSize = 64 } = options;
  const { images, passedOver } = await findImages(options.folder);
  for (const one of passedOver) progress.note(`Passed over ${passedOverText(one)}`);
  const encoder = await loadEncoder(options.checkpoint);
  const layer = options.layer ?? (encoder.probePoints.includes('conv2') ? 'conv2' : encoder.probePoints.at(-1)!);
  const frozen = freezeEncoder(encoder, [layer]);
  const shape = frozen.shapes[0]!;
  const dimension = options.pool === 'avg' ? shape.at(-1)! : shape.reduce((a, b) => a * b, 1);
  const file = await createFeaturesFile(options.to, dimension);
  const phase = progress.phase(`Features of ${layer}`, images.length, 'images');
  const skipped: { path: string; reason: string }[] = [];
  let count = 0;
  let turned = 0;
  try {
    for (let start = 0; start < images.length; start += batchSize) {
      const paths = images.slice(start, start + batchSize);
      const read: ReadImage[] = [];
      for (let from = 0; from < paths.length; from += readAtOnce) {
        const some = paths.slice(from, from + readAtOnce);
        read.push(...(await Promise.all(some.map((path) => readImage(join(options.folder, path), encoder.input)))));
      }
      const whole: { path: string; pixels: Uint8Array }[] = [];
      read.forEach((image, i) => {
        if ('pixels' in image) {
          whole.push({ path: paths[i]!, pixels: image.pixels });
          if (image.turned) turned++;
        } else skipped.push({ path: paths[i]!, reason: image.damaged });
      });
      if (whole.length > 0) {
        const pixels = Buffer.concat(whole.map((image) => image.pixels));
        if (count === 0 && whole.length > 1) frozen.assertInference(pixels, whole.length);
        const maps = frozen.extract(pixels, whole.length)[0]!;
        const rows = options.pool === 'avg' ? spatialMean(maps, whole.length, dimension) : maps;
        await file.append(
          whole.map((image) => image.path),
          rows,
        );
        count += whole.length;
      }
      phase.advance(paths.length);
    }
    frozen.assertUnchanged();
    if (count === 0) {
      throw new UserError(
        `None of the ${images.length} pictures could be read: ${skipped[0]!.path}: ${skipped[0]!.reason}`,
        {
          file: options.folder,
          remedy: 'Open one in a viewer: they may be damaged or of a format that their ending does not say.',
        },
      );
    }
    const files = await file.finish();
    phase.done();
    return { layer, count, dimension, turned, skipped, files };
  } catch (error) {
    await file.abandon();
    throw error;
  } finally {
    encoder.model.dispose();
  }
}

/** Maps `[batch, height, width, channels]` to their means over height and width, `[batch, channels]`. */
function spatialMean(maps: Float32Array, batch: number, channels: number): Float32Array {
  const places = maps.length / batch / channels;
  const sums = new Float64Array(batch * channels);
  for (let i = 0; i < maps.length; i++) {
    const image = Math.floor(i / (places * channels));
    sums[image * channels + (i % channels)]! += maps[i]!;
  }
  return Float32Array.from(sums, (sum) => sum / places);
}
