import { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '@selfsup/models/checkpoint';
import type { ImageShape } from '@selfsup/models/network';
import { normalise } from '@selfsup/models/normalise';
import type { Picture } from '@selfsup/report/figures/pictures';
import type { TraineeState } from '@selfsup/trainer/trainee';
import { firstImages } from '../steps/images.ts';
import { pngOf } from '../steps/png.ts';
import type { TaskContext } from '../task.ts';
import type { GanConfig } from './config.ts';
import type { GanNetworks } from './networks.ts';

const COLUMNS = 10;
const ROWS = 3;
/** Moments kept; beyond these, every second one is forgotten. */
const MOST = 12;
/** Least height of an image in the report, in pixels. */
const SHOWN = 48;

/**
 * What the networks make, moment by moment: a row of G(z), always of the same z, a row of test images x, always the same,
 * and a row of G(E(x)). Kept with live checkpoints, so that an interrupted training ends with the same pictures.
 */
export class PictureHistory implements TraineeState {
  readonly #context: TaskContext<GanConfig>;
  readonly #networks: GanNetworks;
  /** By epochs done: values of 0..255, `[3, columns, height, width, channels]`. */
  readonly #moments = new Map<number, Uint8Array>();
  #columns = COLUMNS;
  /** Epochs that were begun; set by the training. */
  epoch = 0;

  constructor(context: TaskContext<GanConfig>, networks: GanNetworks) {
    this.#context = context;
    this.#networks = networks;
  }

  /** Adds the pictures of this moment, in place of any of the same epoch. */
  async add(): Promise<void> {
    const { input, normalisation, testSplit, key } = this.#context;
    const images = await firstImages(this.#context.batches(testSplit, first(this.#context)), COLUMNS);
    const columns = (this.#columns = images.length);
    const bytes = tf.tidy(() => {
      const pixels = Uint8Array.from(images.flatMap((image) => [...image.pixels]));
      const shape = [columns, input.height, input.width, input.channels] as [number, number, number, number];
      const seen = normalise(tf.tensor4d(pixels, shape, 'int32'), normalisation);
      const again = this.#networks.generate(this.#networks.encode(seen).codes);
      const made = this.#networks.generate(this.#networks.draw(key('preview'), columns));
      const rows = tf.stack([made, this.#networks.toGenerated(seen), again]);
      return rows.mul(normalisation.std).add(normalisation.mean).clipByValue(0, 255).round().toInt();
    });
    this.#moments.delete(this.epoch);
    this.#moments.set(this.epoch, Uint8Array.from(bytes.dataSync()));
    bytes.dispose();
    if (this.#moments.size <= MOST) return;
    [...this.#moments.keys()].forEach((epoch, i) => i % 2 === 1 && this.#moments.delete(epoch));
  }

  /** A picture for each moment. */
  async pictures(): Promise<Picture[]> {
    const pictures: Picture[] = [];
    for (const [epoch, bytes] of this.#moments) {
      const when = epoch === 0 ? 'Before training' : `After epoch ${epoch}`;
      pictures.push({
        image: pngOf(sheet(bytes, this.#columns, this.#networks.image)),
        caption: when,
        alt: `${when}, three rows: G(z), x, G(E(x))`,
        group: 'Generated images G(z), test images x and their reconstructions G(E(x)), row by row',
      });
    }
    return pictures;
  }

  save() {
    const { height, width, channels } = this.#networks.image;
    const shape = [ROWS, this.#columns, height, width, channels];
    const tensors = new Map<string, TensorData>();
    for (const [epoch, data] of this.#moments) tensors.set(`pictures/${epoch}`, { shape, data });
    return { tensors, json: { epoch: this.epoch, moments: [...this.#moments.keys()], columns: this.#columns } };
  }

  load(tensors: ReadonlyMap<string, TensorData>, json: unknown): void {
    const { epoch, moments, columns } = json as { epoch: number; moments: number[]; columns: number };
    this.epoch = epoch;
    this.#columns = columns;
    this.#moments.clear();
    for (const moment of moments) this.#moments.set(moment, Uint8Array.from(tensors.get(`pictures/${moment}`)!.data));
  }
}

function first({ dataset, testSplit }: TaskContext<GanConfig>): Uint32Array {
  return Uint32Array.from({ length: Math.min(COLUMNS, dataset.count(testSplit)) }, (_, i) => i);
}

/** The rows as one picture `[height, width, channels]` with a pixel of white between images, small ones enlarged. */
function sheet(bytes: Uint8Array, columns: number, { height, width, channels }: ImageShape): tf.Tensor3D {
  return tf.tidy(() => {
    const images = tf.tensor(bytes, [ROWS, columns, height, width, channels], 'int32');
    const spaced = tf.pad(images, [[0, 0], [0, 0], [0, 1], [0, 1], [0, 0]], 255); // prettier-ignore
    const whole = spaced
      .transpose([0, 2, 1, 3, 4])
      .reshape<tf.Tensor3D>([ROWS * (height + 1), columns * (width + 1), channels]);
    const times = Math.max(1, Math.ceil(SHOWN / height));
    const size: [number, number] = [whole.shape[0] * times, whole.shape[1] * times];
    return tf.image.resizeNearestNeighbor(whole, size).toInt();
  });
}
