import type { Batch } from '@selfsup/data/loader';
import type { Picture } from '@selfsup/report/figures/pictures';
import { encodePng } from '@selfsup/report/images';
import type { TaskContext } from '../../task.ts';
import type { JigsawConfig } from './config.ts';
import { windowSide } from './geometry.ts';
import { printed } from './permutation-set.ts';
import { TILES, type Permutation } from './permutations.ts';
import type { Puzzles, PuzzleSettings } from './puzzles.ts';

const PREVIEW_IMAGES = 9;

/** An RGBA picture, transparent where nothing was drawn. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Pixels of 1 or 3 channels with the measures of one row of them. */
interface Source {
  readonly pixels: Uint8Array;
  readonly rowLength: number;
  readonly channels: number;
}

/** Draws a square of `side` pixels that begins at pixel `start` of the source. */
function draw(canvas: Canvas, top: number, left: number, side: number, source: Source, start: number): void {
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = (start + y * source.rowLength + x) * source.channels;
      const to = ((top + y) * canvas.width + left + x) * 4;
      for (let channel = 0; channel < 3; channel++) {
        canvas.pixels[to + channel] = source.pixels[from + (source.channels === 1 ? 0 : channel)]!;
      }
      canvas.pixels[to + 3] = 255;
    }
  }
}

/**
 * One puzzle as a picture of three panels: the tiles as the network sees them, as it puts them together, and the window
 * that they come from.
 *
 * @param images uint8 [batch, height, width, channels] that the puzzles were cut from
 */
export function puzzlePanels(
  images: Batch['images'],
  shape: Batch['shape'],
  puzzles: Puzzles,
  place: number,
  predicted: Permutation,
  { geometry }: Pick<PuzzleSettings, 'geometry'>,
): Canvas {
  const { cell, tile } = geometry;
  const side = windowSide(geometry);
  const gap = cell - tile + Math.ceil(cell / 4);
  const [, height, width, channels] = shape;
  const canvas = { width: 3 * side + 2 * gap, height: side, pixels: new Uint8Array(side * (3 * side + 2 * gap) * 4) };
  const tiles: Source = { pixels: puzzles.tiles, rowLength: tile, channels };
  const margin = Math.floor((cell - tile) / 2);
  for (let slot = 0; slot < TILES; slot++) {
    const start = (place * TILES + slot) * tile * tile;
    const put = (cellNumber: number, panel: number): void => {
      const top = cell * Math.floor(cellNumber / 3) + margin;
      draw(canvas, top, panel * (side + gap) + cell * (cellNumber % 3) + margin, tile, tiles, start);
    };
    put(slot, 0);
    put(predicted[slot]!, 1);
  }
  const [top, left] = puzzles.windows[place]!;
  const source: Source = { pixels: images, rowLength: width, channels };
  draw(canvas, 0, 2 * (side + gap), side, source, (place * height + top) * width + left);
  return canvas;
}

interface Solver {
  readonly settings: PuzzleSettings;
  testPuzzles(batch: Batch): Puzzles;
  predict(puzzles: Puzzles): number[];
}

/** The first test puzzles with what the network makes of them. */
export async function puzzlePictures(context: TaskContext<JigsawConfig>, solver: Solver): Promise<Picture[]> {
  const { permutations } = solver.settings;
  const pictures: Picture[] = [];
  for await (const batch of context.batches(context.testSplit)) {
    const puzzles = solver.testPuzzles(batch);
    const predicted = solver.predict(puzzles);
    for (let place = 0; place < puzzles.labels.length && pictures.length < PREVIEW_IMAGES; place++) {
      const order = permutations[predicted[place]!]!;
      const canvas = puzzlePanels(batch.images, batch.shape, puzzles, place, order, solver.settings);
      const caption = `Test image ${pictures.length}`;
      pictures.push({
        image: encodePng(canvas.pixels, canvas.height, canvas.width, 4),
        caption,
        alt: `${caption}: shuffled tiles, as the network puts them together, and the original`,
        facts: { actual: printed(permutations[puzzles.labels[place]!]!), predicted: printed(order) },
        group: 'Puzzles of test images: shuffled, as the network puts them together, the original',
      });
    }
    if (pictures.length >= PREVIEW_IMAGES) break;
  }
  return pictures;
}
