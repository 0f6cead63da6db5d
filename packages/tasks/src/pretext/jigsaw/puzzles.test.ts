import { describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { integer } from '@selfsup/kit/random';
import { geometries, windowSide, type Geometry } from './geometry.ts';
import { puzzlePanels } from './preview.ts';
import { cutPuzzles } from './puzzles.ts';
import { normaliseEachTile } from './tile-normalisation.ts';

const identity = [0, 1, 2, 3, 4, 5, 6, 7, 8];
/** The source document's example, there written from 1: 9, 4, 6, 8, 3, 2, 5, 1, 7. */
const example = [8, 3, 5, 7, 2, 1, 4, 0, 6];

/** An image whose first two channels say where a pixel is: row and column. */
function coordinates(height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: height * width * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    return [Math.floor(pixel / width), pixel % width, 99][at % 3]!;
  });
}

interface Trial {
  readonly size?: number;
  readonly permutations?: number[][];
  readonly colourShift?: number;
  readonly samples?: number[];
  readonly step?: number;
}

function cut(geometry: Geometry, trial: Trial = {}) {
  const { size = windowSide(geometry), permutations = [identity], colourShift = 0, samples = [0], step = 0 } = trial;
  const images = Buffer.concat(samples.map(() => coordinates(size, size)));
  const settings = { geometry, permutations, colourShift };
  const puzzles = cutPuzzles(images, [samples.length, size, size, 3], settings, [11, step], samples);
  const side = geometry.tile * geometry.tile * 3;
  /** Value of a channel at a pixel of a tile. */
  const at = (tile: number, y: number, x: number, channel: number): number =>
    puzzles.tiles[tile * side + (y * geometry.tile + x) * 3 + channel]!;
  return { puzzles, at };
}

const manySamples = Array.from({ length: 300 }, (_, sample) => sample);

describe('tiles', () => {
  test('measures are those of the paper and of the released code', () => {
    expect(geometries).toEqual({
      paper: { cell: 75, tile: 64 },
      released: { cell: 85, tile: 64 },
      small: { cell: 10, tile: 8 },
    });
    expect(Object.values(geometries).map(windowSide)).toEqual([225, 255, 30]);
  });

  test.each(Object.entries(geometries))('%s: lie whole in their cells, to the pixel', (_name, geometry) => {
    const { cell, tile } = geometry;
    const samples = manySamples.slice(0, cell > 10 ? 12 : 300);
    const { puzzles, at } = cut(geometry, { samples });
    expect(puzzles.shape).toEqual([9 * samples.length, tile, tile, 3]);
    for (let index = 0; index < 9 * samples.length; index++) {
      const slot = index % 9;
      const [top, left] = [at(index, 0, 0, 0), at(index, 0, 0, 1)];
      expect(top).toBeGreaterThanOrEqual(cell * Math.floor(slot / 3));
      expect(top + tile).toBeLessThanOrEqual(cell * Math.floor(slot / 3) + cell);
      expect(left).toBeGreaterThanOrEqual(cell * (slot % 3));
      expect(left + tile).toBeLessThanOrEqual(cell * (slot % 3) + cell);
      expect(at(index, tile - 1, tile - 2, 0)).toBe(top + tile - 1);
      expect(at(index, tile - 1, tile - 2, 1)).toBe(left + tile - 2);
      expect(at(index, tile >> 1, 3, 2)).toBe(99);
    }
  });

  test('stand everywhere in window and cell, equally often', () => {
    const geometry = geometries.small;
    const { puzzles, at } = cut(geometry, { size: 32, samples: manySamples });
    const windows = new Map<string, number>();
    const places = new Map<string, number>();
    const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
    for (const [image, [top, left]] of puzzles.windows.entries()) {
      count(windows, `${top},${left}`);
      for (let slot = 0; slot < 9; slot++) {
        const y = at(9 * image + slot, 0, 0, 0) - top - 10 * Math.floor(slot / 3);
        const x = at(9 * image + slot, 0, 0, 1) - left - 10 * (slot % 3);
        count(places, `${y},${x}`);
      }
    }
    // χ² of 9 equal cells has 8 degrees of freedom: 26.1 is passed once in a thousand.
    for (const map of [windows, places]) {
      expect([...map.keys()].sort()).toEqual(['0,0', '0,1', '0,2', '1,0', '1,1', '1,2', '2,0', '2,1', '2,2']);
      const mean = [...map.values()].reduce((a, b) => a + b) / 9;
      const chi = [...map.values()].reduce((sum, found) => sum + (found - mean) ** 2 / mean, 0);
      expect(chi).toBeLessThan(26.1);
    }
  });

  test('are reordered as the figure of the source document says', () => {
    const { at, puzzles } = cut(geometries.paper, { permutations: [example] });
    const shown = identity.map((slot) => {
      const [row, column] = [0, 1].map((channel) => Math.floor(at(slot, 0, 0, channel) / 75));
      return 3 * row! + column! + 1;
    });
    expect(shown).toEqual([9, 4, 6, 8, 3, 2, 5, 1, 7]);
    expect([...puzzles.labels]).toEqual([0]);
  });

  test('draws are a function of key and sample number, not of the place in the batch', () => {
    const permutations = [identity, example];
    const together = cut(geometries.small, { size: 32, samples: [5, 6, 7], permutations }).puzzles;
    const alone = cut(geometries.small, { size: 32, samples: [6], permutations }).puzzles;
    const bytes = alone.tiles.length;
    expect(together.tiles.slice(bytes, 2 * bytes)).toEqual(alone.tiles);
    expect(together.labels[1]).toBe(alone.labels[0]);
    const other = cut(geometries.small, { size: 32, samples: [6], permutations, step: 1 }).puzzles;
    expect(other.tiles).not.toEqual(alone.tiles);
  });

  test('labels are drawn equally often', () => {
    const permutations = [identity, example, identity, example];
    const { labels } = cut(geometries.small, { samples: manySamples, permutations }).puzzles;
    for (const label of [0, 1, 2, 3]) expect(labels.filter((one) => one === label).length).toBeGreaterThan(50);
  });

  test('channels are shifted apart by 0 to the given pixels, never out of the image', () => {
    const shifts = new Set<number>();
    const samples = manySamples.slice(0, 60);
    const plain = cut(geometries.small, { size: 31, samples });
    const shifted = cut(geometries.small, { size: 31, samples, colourShift: 2 });
    for (let index = 0; index < 9 * samples.length; index++) {
      for (const channel of [0, 1]) {
        const by = shifted.at(index, 0, 0, channel) - plain.at(index, 0, 0, channel);
        shifts.add(by);
        expect(shifted.at(index, 7, 7, channel)).toBe(plain.at(index, 7, 7, channel) + by);
        expect(shifted.at(index, 7, 7, channel)).toBeLessThan(31);
        expect(shifted.at(index, 4, 4, 2)).toBe(99);
      }
    }
    expect([...shifts].sort()).toEqual([0, 1, 2]);
  });
});

describe('normalisation of each tile', () => {
  test('gives mean 0 and deviation 1 in each channel, 0 where there is no variation', () => {
    const [tiles, side] = [5, 75];
    const values = Float32Array.from({ length: tiles * side * side * 3 }, (_, at) => integer([3, 4], 256, at));
    for (let at = 1; at < side * side * 3; at += 3) values[at] = 131; // green of the first tile
    const normalised = normaliseEachTile(tf.tensor4d(values, [tiles, side, side, 3])).dataSync();
    for (let tile = 0; tile < tiles; tile++) {
      for (let channel = 0; channel < 3; channel++) {
        const pick = (from: ArrayLike<number>) =>
          Array.from({ length: side * side }, (_, pixel) => from[(tile * side * side + pixel) * 3 + channel]!);
        const raw = pick(values);
        const mean = raw.reduce((a, b) => a + b) / raw.length;
        const deviation = Math.sqrt(raw.reduce((sum, value) => sum + (value - mean) ** 2, 0) / raw.length) || 1;
        const worst = Math.max(...pick(normalised).map((value, i) => Math.abs(value - (raw[i]! - mean) / deviation)));
        expect(worst).toBeLessThan(1e-4);
      }
    }
  });
});

test('the preview puts tiles back where the prediction says', () => {
  const geometry = { cell: 4, tile: 4 };
  const images = coordinates(12, 12);
  const settings = { geometry, permutations: [example], colourShift: 0 };
  const puzzles = cutPuzzles(images, [1, 12, 12, 3], settings, [1, 2], [0]);
  const { pixels, width, height } = puzzlePanels(images, [1, 12, 12, 3], puzzles, 0, example, settings);
  expect([height, width]).toEqual([12, 3 * 12 + 2]);
  const panel = (left: number) =>
    Array.from({ length: 12 * 12 }, (_, i) => {
      const at = ((i - (i % 12)) / 12) * width + left + (i % 12);
      return [...pixels.slice(4 * at, 4 * at + 4)];
    });
  const original = Array.from({ length: 144 }, (_, i) => [Math.floor(i / 12), i % 12, 99, 255]);
  expect(panel(13)).toEqual(original);
  expect(panel(26)).toEqual(original);
  expect(panel(0)).not.toEqual(original);
  // The first tile shown is that of the last cell.
  expect(panel(0)[0]).toEqual([8, 8, 99, 255]);
  expect([...pixels.slice(4 * 12, 4 * 13)]).toEqual([0, 0, 0, 0]);
});
