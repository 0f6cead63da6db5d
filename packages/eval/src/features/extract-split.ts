import { join } from 'node:path';
import { measuringView } from '@selfsup/data/augment';
import type { Dataset } from '@selfsup/data/dataset';
import { createLoader } from '@selfsup/data/loader';
import { inTurns } from '@selfsup/engine/cluster';
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
 * the same arithmetic. Where images show several classes, what they show is written too. Gives paths by blob name. Processes that
 * share the stage share the batches; the first writes. Throws `Interrupted` when asked to stop, `UserError` for
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
  const writers = new Map<string, NpyWriter>();
  const writerOf = (layer: string, i: number): NpyWriter => {
    const shape = [indices.length, ...(frozen.shapes[i] as number[])];
    const writer = writers.get(layer) ?? new NpyWriter(paths[featureBlob(part, layer)]!, '<f4', shape);
    writers.set(layer, writer);
    return writer;
  };
  for (const layer of layers) paths[featureBlob(part, layer)] = path(featureBlob(part, layer));
  const phase = work.progress.phase(`features of ${split}`, indices.length, 'images');
  const images = new Uint8Array(batchSize * pixels);
  const common = { key: [0, 0] as const, shuffle: false, dropLast: false };
  const augment = measuringView(dataset.manifest.image, frozen.input);
  const loader = createLoader({ dataset, split, indices, batchSize, workers: work.workers, augment, ...common });
  let isAsserted = false;
  try {
    const written = await inTurns({
      name: `features of ${split}`,
      async *own({ from, every }) {
        for await (const { labels: its, images: pixelsOf, first } of loader.everyOf(0, from, every)) {
          await stopIfAsked(work.signal, `Stopped at image ${first} of ${indices.length}.`);
          const count = its.length;
          images.set(pixelsOf);
          images.fill(0, count * pixels);
          if (!isAsserted) frozen.assertInference(images, batchSize);
          isAsserted = true;
          const found = frozen.extract(images, batchSize);
          yield { first, count, found: found.map((values) => values.subarray(0, (values.length / batchSize) * count)) };
        }
      },
      take({ first, count, found }) {
        const places = indices.subarray(first, first + count);
        found.forEach((values, i) => {
          const layer = layers[i]!;
          refuseNonFinite(values, places, `${layer} of split ${split}`);
          writerOf(layer, i).append(values);
        });
        phase.advance(count);
      },
      finish() {
        layers.map(writerOf).forEach((writer) => writer.close());
        return paths;
      },
    });
    phase.done();
    // In another process than the first: where that has written them.
    return written ?? paths;
  } catch (error) {
    for (const writer of writers.values()) writer.abandon();
    throw error;
  } finally {
    await loader.close();
  }
}
