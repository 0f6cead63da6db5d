import { evenlySpaced } from '@selfsup/data/subset';
import { compiledStep } from '@selfsup/engine/compiled-step';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey } from '@selfsup/kit/random';
import { stopIfAsked } from '@selfsup/kit/stage';
import { nearestNeighbours } from '@selfsup/numerics/nearest-neighbours';
import { memoryRows, type RowSource } from '@selfsup/numerics/row-source';
import { passOver, type Parts } from '@selfsup/trainer/parts';
import type { TaskContext } from '../task.ts';
import type { GanConfig } from './config.ts';
import type { GanNetworks } from './networks.ts';

const GENERATED_BATCH = 250;

/** Sum and number of distances in normalised units, by name. */
type Distances = Record<string, [sum: number, count: number]>;

function addTo(found: Distances, name: string, distances: tf.Tensor): void {
  const [sum, count] = found[name] ?? [0, 0];
  found[name] = [sum + distances.sum().dataSync()[0]!, count + distances.size];
}

function addAll(sums: Distances, found: Distances): void {
  for (const [name, [sum, count]] of Object.entries(found)) {
    const [before, counted] = sums[name] ?? [0, 0];
    sums[name] = [before + sum, counted + count];
  }
}

/** Euclidean distance of each image or code to the one at its place, `[batch]`. */
function distances(a: tf.Tensor, b: tf.Tensor): tf.Tensor1D {
  return a.sub(b).reshape([a.shape[0]!, -1]).norm(2, 1) as tf.Tensor1D;
}

/** Each row moved up by one place, the first to the end. */
function shifted<T extends tf.Tensor>(x: T): T {
  return tf.concat([x.slice(1), x.slice(0, 1)]) as T;
}

/** The measures of BiGAN, with batch norm in inference mode. */
export class GanMeasures {
  readonly #context: TaskContext<GanConfig>;
  readonly #networks: GanNetworks;

  constructor(context: TaskContext<GanConfig>, networks: GanNetworks) {
    this.#context = context;
    this.#networks = networks;
  }

  /**
   * How well the encoder inverts the generator, in normalised units: mean ‖x − G(E(x))‖ on test images (EGr), the same
   * against the next image of the batch (EGr_b), which any faithful pair must undercut, and their ratio; the same two on
   * generated images (EGg), and the mean ‖E(G(z)) − z‖. The test images are a pass in parts.
   */
  async reconstruction(parts: Parts): Promise<Record<string, number>> {
    const networks = this.#networks;
    const measure = (found: Distances, name: string, images: tf.Tensor4D, codes: tf.Tensor2D): void => {
      const again = networks.generate(codes);
      addTo(found, name, distances(images, again));
      if (images.shape[0] > 1) addTo(found, `shifted-${name}`, distances(images, shifted(again)));
    };
    const sums = await passOver(parts, {
      name: 'reconstruction',
      batches: (...turn) => this.#context.batches(this.#context.testSplit, this.#testIndices(), ...turn),
      measure: (batch) => {
        const found: Distances = {};
        compiledStep(() =>
          tf.tidy(() => {
            const seen = networks.seen(batch);
            measure(found, 'reconstruction-error', networks.toGenerated(seen), networks.encode(seen).codes);
          }),
        );
        return found;
      },
      zero: {} as Distances,
      add: addAll,
    });
    this.#generated((images, drawn) => {
      const { codes } = networks.encode(networks.toSeen(images));
      measure(sums, 'generated-reconstruction-error', images, codes);
      addTo(sums, 'code-error', distances(codes, drawn));
    });
    const mean = (name: string): number => (sums[name]?.[0] ?? 0) / (sums[name]?.[1] ?? 0);
    const names = ['reconstruction-error', 'generated-reconstruction-error'].flatMap((name) => [
      name,
      `shifted-${name}`,
    ]);
    return {
      ...Object.fromEntries([...names, 'code-error'].map((name) => [name, mean(name)])),
      'reconstruction-ratio': mean('reconstruction-error') / mean('shifted-reconstruction-error'),
    };
  }

  /**
   * Accuracy, in percent, of giving a test image the label of its nearest training image by Euclidean distance between
   * codes, in the layer before and between pixels, where all have labels; and mean distance from a test image to the nearest of all, of a tenth
   * and of a hundredth of the generated images (NND).
   */
  async neighbours(): Promise<Record<string, number>> {
    const { config, trainingSplit, trainingIndices, testSplit } = this.#context;
    const test = await this.#vectors(testSplit, this.#testIndices());
    const train = await this.#vectors(trainingSplit, evenlySpaced(trainingIndices, config.measured.train));
    const found: Record<string, number> = {};
    const labelled = [...test.labels, ...train.labels].every((label) => label >= 0);
    for (const space of labelled ? (['code', 'before-code', 'pixels'] as const) : []) {
      const nearest = await this.#nearest(test.rows[space], train.rows[space]);
      const right = test.labels.reduce((n, label, i) => n + Number(label === train.labels[nearest.indices[i]!]), 0);
      found[`1nn-${space}`] = (100 * right) / test.labels.length;
    }
    const made = this.#generatedRows();
    for (const [name, part] of [
      ['', 1],
      ['-of-a-tenth', 10],
      ['-of-a-hundredth', 100],
    ] as const) {
      // prettier-ignore
      const bank = { ...made, rows: Math.floor(made.rows / part) };
      const { values } = await this.#nearest(test.rows.small, bank);
      found[`nearest-generated${name}`] = values.reduce((a, b) => a + b, 0) / values.length;
    }
    return found;
  }

  /** Throws `UserError` where there are not two test images, one of which is held against the other. */
  requireTestImages(): void {
    const { dataset, testSplit } = this.#context;
    const count = dataset.count(testSplit);
    if (count > 1) return;
    throw new UserError(`Split '${testSplit}' holds ${count} image; reconstructions are measured on two and more`, {
      field: 'data.testSplit',
      remedy: 'Name a split of two images or more.',
    });
  }

  #testIndices(): Uint32Array {
    const { dataset, testSplit, config } = this.#context;
    return evenlySpaced(Uint32Array.from({ length: dataset.count(testSplit) }, (_, i) => i), config.measured.test); // prettier-ignore
  }

  #nearest(queries: RowSource, bank: RowSource) {
    const onProgress = () => stopIfAsked(this.#context.signal, 'Asked to stop while looking for nearest neighbours.');
    return nearestNeighbours({ queries, bank, k: 1, metric: 'euclidean', onProgress });
  }

  /** Hands over generated images with their codes, batch by batch; always the same codes. */
  #generated(take: (images: tf.Tensor4D, drawn: tf.Tensor2D) => void): void {
    const key = this.#context.key('measured');
    const total = this.#generatedCount();
    for (let done = 0; done < total; done += GENERATED_BATCH) {
      compiledStep(() =>
        tf.tidy(() => {
          const drawn = this.#networks.draw(deriveKey(key, done), Math.min(GENERATED_BATCH, total - done));
          take(this.#networks.generate(drawn), drawn);
        }),
      );
    }
  }

  #generatedCount(): number {
    return this.#context.config.measured.generated;
  }

  #generatedRows(): RowSource {
    const rows = new GatheredRows(this.#generatedCount());
    this.#generated((images) => rows.append(images));
    return rows.finished();
  }

  /** Codes, layer before, pixels as seen and pixels in the generated size of some images, a row for each. */
  async #vectors(split: string, indices: Uint32Array) {
    const networks = this.#networks;
    const rowsOf = (): GatheredRows => new GatheredRows(indices.length);
    const spaces = { code: rowsOf(), 'before-code': rowsOf(), pixels: rowsOf(), small: rowsOf() };
    const labels: number[] = [];
    for await (const batch of this.#context.batches(split, indices)) {
      labels.push(...batch.labels);
      compiledStep(() =>
        tf.tidy(() => {
          const seen = networks.seen(batch);
          const { before, codes } = networks.encode(seen);
          spaces.code.append(codes);
          spaces['before-code'].append(before);
          spaces.pixels.append(seen);
          if (split === this.#context.testSplit) spaces.small.append(networks.toGenerated(seen));
        }),
      );
    }
    const rows = Object.fromEntries(Object.entries(spaces).map(([name, values]) => [name, values.finished()]));
    return { labels, rows: rows as Record<keyof typeof spaces, RowSource> };
  }
}

/** Rows gathered batch by batch, each value held once: those of 112-pixel images alone take gigabytes. */
class GatheredRows {
  readonly #count: number;
  #values = new Float32Array(0);
  #filled = 0;

  /** Room for `count` rows, which is taken with the first batch. */
  constructor(count: number) {
    this.#count = count;
  }

  /** Takes a tensor `[batch, …]` in, each row flattened. */
  append(batch: tf.Tensor): void {
    if (this.#values.length === 0) this.#values = new Float32Array((this.#count * batch.size) / batch.shape[0]!);
    this.#values.set(batch.dataSync<'float32'>(), this.#filled);
    this.#filled += batch.size;
  }

  /** `[count, values of a row]`; no rows where nothing was taken in. */
  finished(): RowSource {
    if (this.#filled !== this.#values.length) throw new Error(`${this.#filled} of ${this.#values.length} values.`);
    return memoryRows(this.#values, Math.max(1, this.#filled / this.#count));
  }
}
