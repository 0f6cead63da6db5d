import { integer, type RandomKey } from '@selfsup/kit/random';
import { windowSide, type Geometry } from './geometry.ts';
import { TILES, type Permutation } from './permutations.ts';

/** How puzzles are cut from images. */
export interface PuzzleSettings {
  readonly geometry: Geometry;
  /** The orders to tell apart; the place of one is its class. */
  readonly permutations: readonly Permutation[];
  /**
   * Each channel of each tile is taken from 0 to so many pixels further right and further down, at random, so that colour
   * fringes of the lens do not give the place away (the released code takes 2). Tiles may reach so far into the next cell,
   * never out of the image.
   */
  readonly colourShift: number;
}

/** Puzzles of a batch, cut and shuffled. */
export interface Puzzles {
  /** [9 · batch, tile, tile, channels], 0..255: the nine slots of an image, row by row, one after another. */
  readonly tiles: Uint8Array;
  readonly shape: readonly [number, number, number, number];
  /** [batch]: which permutation shuffled each image. */
  readonly labels: Int32Array;
  /** [batch]: row and column of each window's top left pixel. */
  readonly windows: readonly (readonly [number, number])[];
}

/** Draws of one image before those of the next begin. */
const DRAWS = 128;
const WINDOW = 1;
const TILE = 3;
const SHIFT = TILE + 2 * TILES;

/**
 * Cuts a puzzle from each image: a window anywhere, a tile anywhere in each of its 3 × 3 cells, shuffled so that slot s
 * shows the tile of cell permutation[s], row by row.
 *
 * @param images uint8 [batch, height, width, channels], each side at least the window's
 * @param key all draws are a function of it and the image's sample number
 * @param samples [batch] a number for each image
 */
export function cutPuzzles(
  images: Uint8Array,
  shape: readonly [number, number, number, number],
  settings: PuzzleSettings,
  key: RandomKey,
  samples: ArrayLike<number>,
): Puzzles {
  const { geometry, permutations, colourShift } = settings;
  const [count, height, width, channels] = shape;
  const { cell, tile } = geometry;
  const side = windowSide(geometry);
  const tiles = new Uint8Array(count * TILES * tile * tile * channels);
  const labels = new Int32Array(count);
  const windows: [number, number][] = [];
  for (let image = 0; image < count; image++) {
    const draw = (below: number, number: number): number => integer(key, below, samples[image]! * DRAWS + number);
    const label = draw(permutations.length, 0);
    const order = permutations[label]!;
    const [windowTop, windowLeft] = [draw(height - side + 1, WINDOW), draw(width - side + 1, WINDOW + 1)];
    labels[image] = label;
    windows.push([windowTop, windowLeft]);
    for (let slot = 0; slot < TILES; slot++) {
      const source = order[slot]!;
      const top = windowTop + cell * Math.floor(source / 3) + draw(cell - tile + 1, TILE + 2 * source);
      const left = windowLeft + cell * (source % 3) + draw(cell - tile + 1, TILE + 2 * source + 1);
      const target = (image * TILES + slot) * tile * tile * channels;
      const rows = { images, width, channels, start: image * height * width * channels, tile, tiles, target };
      if (colourShift === 0) copyTile(rows, top, left);
      else {
        for (let channel = 0; channel < channels; channel++) {
          const number = SHIFT + 2 * (source * channels + channel);
          const down = Math.min(draw(colourShift + 1, number), height - tile - top);
          const right = Math.min(draw(colourShift + 1, number + 1), width - tile - left);
          copyChannel(rows, top + down, left + right, channel);
        }
      }
    }
  }
  return { tiles, shape: [count * TILES, tile, tile, channels], labels, windows };
}

interface Copying {
  readonly images: Uint8Array;
  readonly width: number;
  readonly channels: number;
  /** Where the image begins. */
  readonly start: number;
  readonly tile: number;
  readonly tiles: Uint8Array;
  /** Where the tile goes. */
  readonly target: number;
}

function copyTile({ images, width, channels, start, tile, tiles, target }: Copying, top: number, left: number): void {
  const bytes = tile * channels;
  for (let row = 0; row < tile; row++) {
    const from = start + ((top + row) * width + left) * channels;
    tiles.set(images.subarray(from, from + bytes), target + row * bytes);
  }
}

function copyChannel(copying: Copying, top: number, left: number, channel: number): void {
  const { images, width, channels, start, tile, tiles, target } = copying;
  for (let row = 0; row < tile; row++) {
    const from = start + ((top + row) * width + left) * channels + channel;
    const to = target + row * tile * channels + channel;
    for (let column = 0; column < tile * channels; column += channels) tiles[to + column] = images[from + column]!;
  }
}
