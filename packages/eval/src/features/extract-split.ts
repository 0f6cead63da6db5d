import { join } from 'node:path';
import { measuringView } from '@selfsup/data/augment';
import type { Dataset } from '@selfsup/data/dataset';
import { createLoader } from '@selfsup/data/loader';
import type { Progress } from '@selfsup/kit/progress';
import { stopIfAsked } from '@selfsup/kit/stage';
import { NpyWriter, writeNpy } from '@selfsup/numerics/npy';
import { presenceIn, showsSeveral } from '../measures/presence.ts';
import { featureBlob, refuseNonFinite } from './feature-set.ts';
import type { FrozenEncoder } from './frozen-encoder.ts';

export interface SplitExtraction {
  readonly part: 'train' | 'test';
  readonly split: string;
  /** Images of the split, in the order in which their features are written. */
  readonly indices: Uint32Array;
  readonly dataset: Dataset;
  readonly frozen: FrozenEncoder;
  readonly layers: readonly string[];
  readonly batchSize: number;
  readonly workers: number;
  readonly workFolder: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Writes the features, labels and indices of one split as `.npy` files into the work folder, batch by batch.
 * Every batch has the same size, the last being filled up with blank images, so that all images go through
 * the same arithmetic. Where images show several classes, what they show is written too. Gives paths by blob name. Throws `Interrupted` when asked to stop, `UserError` for
 * features that are not finite, `Error` for an encoder that is not in inference mode.
 */
export async function extractSplit(work: SplitExtraction): Promise<Record<string, string>> {
  const { part, split, indices, dataset, frozen, layers, batchSize } = work;
  const path = (name: string): string => join(work.workFolder, `${name}.npy`);
  const { height, width, channels } = frozen.input;
  const pixels = height * width * channels;
  const labels = dataset.labels(split);
  const paths: Record<string, string> = {
    [`${part}-labels`]: path(`${part}-labels`),
    [`${part}-indices`]: path(`${part}-indices`),
  };
  const chosen = Int32Array.from(indices, (index) => labels[index] as number);
  if (showsSeveral(dataset, split, indices)) {
    const presence = presenceIn(dataset, split, indices);
    paths[`${part}-presence`] = path(`${part}-presence`);
    writeNpy(path(`${part}-presence`), '<i4', [indices.length, presence.length / indices.length], presence);
  }
  writeNpy(path(`${part}-labels`), '<i4', [indices.length], chosen);
  writeNpy(path(`${part}-indices`), '<u4', [indices.length], Uint32Array.from(indices));
  const writers = layers.map((layer, i) => {
    const name = featureBlob(part, layer);
    paths[name] = path(name);
    return new NpyWriter(path(name), '<f4', [indices.length, ...(frozen.shapes[i] as number[])]);
  });
  const phase = work.progress.phase(`features of ${split}`, indices.length, 'images');
  const images = new Uint8Array(batchSize * pixels);
  const common = { key: [0, 0] as const, shuffle: false, dropLast: false };
  const augment = measuringView(dataset.manifest.image, frozen.input);
  const loader = createLoader({ dataset, split, indices, batchSize, workers: work.workers, augment, ...common });
  let done = 0;
  try {
    for await (const batch of loader.epoch(0)) {
      await stopIfAsked(work.signal, `Stopped at image ${done} of ${indices.length}.`);
      const count = batch.labels.length;
      images.set(batch.images);
      images.fill(0, count * pixels);
      if (done === 0) frozen.assertInference(images, batchSize);
      frozen.extract(images, batchSize).forEach((values, i) => {
        const kept = values.subarray(0, (values.length / batchSize) * count);
        const places = indices.subarray(done, done + count);
        refuseNonFinite(kept, places, `${layers[i]} of split ${split}`);
        writers[i]?.append(kept);
      });
      done += count;
      phase.advance(count);
    }
    for (const writer of writers) writer.close();
  } catch (error) {
    for (const writer of writers) writer.abandon();
    throw error;
  } finally {
    await loader.close();
  }
  phase.done();
  return paths;
}
