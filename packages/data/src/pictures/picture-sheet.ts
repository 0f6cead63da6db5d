import type { Dataset } from '../dataset.ts';
import type { Picture } from './native/pictures.ts';
import { thumbnail } from './thumbnail.ts';

/** Pixels a side of one image on the sheet, and between two. */
const thumb = 64;
const gap = 3;
/** Images of a row at most. */
export const columns = 10;
const labelWidth = 128;
/** Most boxes are drawn in one of these. */
const inks = [
  [255, 60, 60],
  [60, 220, 60],
  [80, 140, 255],
  [255, 210, 40],
] as const;

/** One row of a sheet: its name, and indices into the split, at most ten. */
export interface SheetRow {
  readonly name: string;
  readonly indices: readonly number[];
}

/** An image scaled to fit, [h, w, 3], with outlines of its boxes and its mask laid over it. */
function shownImage(dataset: Dataset, split: string, index: number): Picture {
  const picture = dataset.picture(split, index);
  const { pixels: scaled, height, width, channels } = thumbnail(picture, thumb);
  const pixels =
    channels === 3 ? scaled : Uint8Array.from({ length: 3 * scaled.length }, (_, i) => scaled[Math.floor(i / 3)]!);
  const mask = dataset.mask(split, index);
  if (mask !== undefined) {
    for (let i = 0; i < height * width; i++) {
      const y = Math.floor(((Math.floor(i / width) + 0.5) * mask.height) / height);
      const label = mask.classes[y * mask.width + Math.floor((((i % width) + 0.5) * mask.width) / width)]!;
      if (label === 0) continue;
      const ink = label === 255 ? ([255, 255, 255] as const) : inks[label % inks.length]!;
      for (let c = 0; c < 3; c++) pixels[3 * i + c] = (pixels[3 * i + c]! + ink[c]!) / 2;
    }
  }
  const scale = thumb / Math.max(picture.height, picture.width);
  for (const box of dataset.annotations(split, index).boxes ?? []) {
    const ink = inks[box.label % inks.length]!;
    const edge = (value: number, most: number): number => Math.min(most - 1, Math.max(0, Math.round(value * scale)));
    const [x0, x1] = [edge(box.left, width), edge(box.right, width)];
    const [y0, y1] = [edge(box.top, height), edge(box.bottom, height)];
    for (let x = x0; x <= x1; x++) for (const y of [y0, y1]) pixels.set(ink, 3 * (y * width + x));
    for (let y = y0; y <= y1; y++) for (const x of [x0, x1]) pixels.set(ink, 3 * (y * width + x));
  }
  return { pixels, height, width, channels: 3 };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Rows of images of a split as PNG, each with its name beside it; boxes are outlined and masks laid over. */
export async function pictureSheet(dataset: Dataset, split: string, shown: readonly SheetRow[]): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  const left = shown.some(({ name }) => name !== '') ? labelWidth : gap;
  const width = left + columns * (thumb + gap);
  const height = gap + Math.max(1, shown.length) * (thumb + gap);
  const sheet = Buffer.alloc(width * height * 3, 0x28);
  for (const [row, { indices }] of shown.entries()) {
    for (const [column, index] of indices.entries()) {
      const small = shownImage(dataset, split, index);
      const x = left + column * (thumb + gap) + Math.floor((thumb - small.width) / 2);
      const y = gap + row * (thumb + gap) + Math.floor((thumb - small.height) / 2);
      for (let line = 0; line < small.height; line++) {
        const from = small.pixels.subarray(line * small.width * 3, (line + 1) * small.width * 3);
        sheet.set(from, ((y + line) * width + x) * 3);
      }
    }
  }
  const texts = shown.map(({ name }, row) => {
    const short = name.length > 16 ? `${name.slice(0, 15)}…` : name;
    const y = gap + row * (thumb + gap) + thumb / 2 + 4;
    return `<text x="${left - 8}" y="${y}" text-anchor="end" font-family="sans-serif" font-size="12" fill="#eee">${escaped(short)}</text>`;
  });
  const labels = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${texts.join('')}</svg>`,
  );
  return sharp(sheet, { raw: { width, height, channels: 3 } })
    .composite([{ input: labels }])
    .png({ palette: true, effort: 7 })
    .toBuffer();
}
