import { openPicture } from '../../pictures/decode.ts';
import type { Picture } from '../../pictures/native/pictures.ts';
import { drawsFor } from './draws.ts';
import { render } from './render.ts';
import type { Strengths } from './settings.ts';

/** All that an image of the dataset is a function of, besides its number. */
export interface Generator {
  /** The encoded source pictures; shared memory where worker threads use them. */
  readonly pictures: readonly Uint8Array[];
  /** Images to train on: the pictures themselves, then augmented ones. */
  readonly count: number;
  /** Further augmented ones to test on, numbered from `count` on. */
  readonly test: number;
  readonly size: number;
  readonly seed: number;
  readonly strengths: Strengths;
}

/** Which of `pictures` image `index` is made of: each gets an equal run of neighbours to train on, and one to test on. */
export function pictureOf(index: number, pictures: number, { count, test }: Pick<Generator, 'count' | 'test'>): number {
  if (index < pictures) return index;
  if (index >= count) return Math.floor(((index - count) * pictures) / test);
  return Math.floor(((index - pictures) * pictures) / (count - pictures));
}

/** A picture as it is, scaled to cover the size, the middle cropped. */
async function asItIs(encoded: Uint8Array, size: number): Promise<Picture> {
  const opened = await openPicture(encoded, 3);
  const side = Math.min(opened.height, opened.width);
  const left = (opened.width - side) / 2;
  const top = (opened.height - side) / 2;
  return opened.view({ left, top, right: left + side, bottom: top + side }, size, size);
}

/** Makes images of one generator; keeps the picture that it has decoded last. */
export class ImageMaker {
  readonly #generator: Generator;
  #decoded: { readonly number: number; readonly picture: Picture } | undefined;

  constructor(generator: Generator) {
    this.#generator = generator;
  }

  /**
   * Image `index` of the dataset, [size, size, 3]: any single one can be made again at any time. Throws
   * `DamagedPicture` where its source picture cannot be read.
   */
  async make(index: number): Promise<Picture> {
    const { pictures, size, seed, strengths } = this.#generator;
    if (index < pictures.length) return asItIs(pictures[index]!, size);
    const number = pictureOf(index, pictures.length, this.#generator);
    if (this.#decoded?.number !== number) {
      const opened = await openPicture(pictures[number]!, 3);
      this.#decoded = { number, picture: opened.pixels() };
    }
    const { picture } = this.#decoded;
    return render(picture, drawsFor(strengths, seed, index, picture.width, picture.height), size);
  }
}
