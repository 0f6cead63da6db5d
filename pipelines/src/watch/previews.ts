import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readCheckpoint, type TensorData } from '@selfsup/models/checkpoint';
import type { Filters } from '@selfsup/report/figures/filters';
import type { Picture } from '@selfsup/report/figures/pictures';
import { encodePng } from '@selfsup/report/images';

/** What can be seen of a training that goes on. */
export interface Previews {
  /** The kernels of its first layer, where they are grey or colour. */
  readonly filters: Filters | undefined;
  /** What its networks made last, of tasks that keep it: rows of images. */
  readonly made: Picture | undefined;
}

/**
 * Makes what looks at the newest live checkpoint below a folder, which it reads once. Undefined where there is none yet, or
 * it was removed or is being written while it is read.
 */
export function previewer(): (folder: string) => Promise<Previews | undefined> {
  const known = new Map<string, { readonly file: string; readonly previews: Previews }>();
  return async (folder) => {
    const names = await readdir(folder, { recursive: true }).catch(() => []);
    const newest = names.filter((name) => /(^|\/)live\/step-\d+\.safetensors$/.test(name)).sort().at(-1); // prettier-ignore
    const before = known.get(folder);
    if (newest === undefined || newest === before?.file) return before?.previews;
    try {
      const { tensors } = await readCheckpoint(join(folder, newest));
      const previews = { filters: firstFilters(tensors), made: lastMade(tensors) };
      known.set(folder, { file: newest, previews });
      return previews;
    } catch {
      return before?.previews;
    }
  };
}

/** The first kernel of the encoder, `[height, width, 1 or 3, filters]`, each filter stretched to all of the range. */
function firstFilters(tensors: ReadonlyMap<string, TensorData>): Filters | undefined {
  const found = [...tensors].find(([name, { shape }]) => /^encoder\/[^/]+\/kernel$/.test(name) && shape.length === 4);
  if (found === undefined) return undefined;
  const [name, { shape, data }] = found;
  const [height, width, channels, count] = shape as [number, number, number, number];
  if (channels !== 1 && channels !== 3) return undefined;
  const size = height * width * channels;
  const pixels = new Uint8Array(count * size);
  for (let filter = 0; filter < count; filter++) {
    const own = Array.from({ length: size }, (_, i) => Number(data[i * count + filter]));
    const [low, high] = [Math.min(...own), Math.max(...own)];
    own.forEach((value, i) => (pixels[filter * size + i] = Math.round((255 * (value - low)) / (high - low || 1))));
  }
  const layer = name.split('/')[1]!;
  return { layer, shape: [count, height, width, channels], pixels: Buffer.from(pixels).toString('base64') };
}

/** The newest of `task/pictures/<epoch>`, `[rows, columns, height, width, channels]`, as one picture. */
function lastMade(tensors: ReadonlyMap<string, TensorData>): Picture | undefined {
  const moments = [...tensors].flatMap(([name, tensor]) => {
    const [, epoch] = /^task\/pictures\/(\d+)$/.exec(name) ?? [];
    return epoch === undefined ? [] : [{ epoch: Number(epoch), tensor }];
  });
  const last = moments.sort((a, b) => a.epoch - b.epoch).at(-1);
  if (last === undefined) return undefined;
  const { shape, data } = last.tensor;
  const [rows, columns, height, width, channels] = shape as [number, number, number, number, 1 | 3];
  const sheet = new Uint8Array(rows * height * columns * width * channels);
  const line = width * channels;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let y = 0; y < height; y++) {
        const from = ((row * columns + column) * height + y) * line;
        const to = ((row * height + y) * columns + column) * line;
        sheet.set(data.subarray(from, from + line) as Uint8Array, to);
      }
  const caption = last.epoch === 0 ? 'Before training' : `After epoch ${last.epoch}`;
  const image = encodePng(sheet, rows * height, columns * width, channels);
  return { image, caption, alt: `${caption}, what the networks make, row by row` };
}
