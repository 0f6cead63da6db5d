import type { Dataset } from '../dataset.ts';
import { classColour, voidClass } from '../formats/class-colours.ts';
import { annotatedImages, type AnnotatedImage } from '../loading/annotated-images.ts';
import { thumbnail } from './thumbnail.ts';

/** Pixels a side of one image, and between two. */
const side = 180;
const gap = 4;
const columns = 5;
/** Of the legend below the images. */
const lineHeight = 18;
const legendColumns = 6;
const mostNamed = 60;
const width = columns * (side + gap) + gap;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const short = (name: string, most: number): string => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

/** The colour of a class: as VOC draws it, the first in colour even where no background takes black. */
function colourOf(label: number, classes: readonly string[]): readonly number[] {
  return classColour((label + (classes[0] === 'background' ? 0 : 1)) % 255);
}

interface Tile {
  /** [height, width, 3], with its mask laid over it. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** Outlines of its boxes as SVG, from its top left corner. */
  readonly outlines: string;
}

function tileOf(image: AnnotatedImage, classes: readonly string[]): Tile {
  const small = thumbnail({ ...image, channels: 3 }, side);
  const { pixels, height, width: wide } = small;
  const { mask } = image;
  for (let i = 0; mask !== undefined && i < height * wide; i++) {
    const y = Math.floor(((Math.floor(i / wide) + 0.5) * image.height) / height);
    const label = mask[y * image.width + Math.floor((((i % wide) + 0.5) * image.width) / wide)]!;
    if (label === 0 && classes[0] === 'background') continue;
    const ink = label === voidClass ? [255, 255, 255] : colourOf(label, classes);
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = (2 * pixels[3 * i + c]! + 3 * ink[c]!) / 5;
  }
  const scale = side / Math.max(image.height, image.width);
  const outlines = Array.from(image.labels, (label, i) => {
    const [left, top, right, bottom] = Array.from(image.boxes.subarray(4 * i, 4 * i + 4), (edge) => edge * scale);
    const at = `x="${left!.toFixed(1)}" y="${top!.toFixed(1)}" width="${(right! - left!).toFixed(1)}" height="${(bottom! - top!).toFixed(1)}"`;
    const dashes = image.difficult[i] === 1 ? ' stroke-dasharray="4 3"' : '';
    const colour = `rgb(${colourOf(label, classes).join(',')})`;
    const name = `<text x="${(left! + 3).toFixed(1)}" y="${(top! + 11).toFixed(1)}">${escaped(short(classes[label]!, 14))}</text>`;
    return (
      `<rect ${at} fill="none" stroke="#fff" stroke-width="3.5"${dashes}/>` +
      `<rect ${at} fill="none" stroke="${colour}" stroke-width="2"${dashes}/>${name}`
    );
  });
  return { pixels, height, width: wide, outlines: outlines.join('') };
}

function legendOf(classes: readonly string[], top: number, hasMasks: boolean): { svg: string; lines: number } {
  const named = classes.slice(0, mostNamed).map((name, label) => ({ name, colour: colourOf(label, classes) }));
  if (hasMasks) named.push({ name: 'void', colour: [255, 255, 255] });
  const cell = width / legendColumns;
  const parts = named.map(({ name, colour }, i) => {
    const [x, y] = [gap + (i % legendColumns) * cell, top + Math.floor(i / legendColumns) * lineHeight];
    return (
      `<rect x="${x}" y="${y + 3}" width="12" height="12" fill="rgb(${colour.join(',')})" stroke="#888"/>` +
      `<text x="${x + 18}" y="${y + 13}">${escaped(short(name, 20))}</text>`
    );
  });
  return { svg: parts.join(''), lines: Math.ceil(named.length / legendColumns) };
}

/**
 * Images of a split as PNG with their boxes (those of difficult objects in dashes) and masks in the colours of their classes,
 * and a legend. Throws `UserError` for an unknown split.
 *
 * @param indices at most as many as there is room for are worth giving: rows of five
 */
export async function annotatedSheet(dataset: Dataset, split: string, indices: ArrayLike<number>): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  const images = annotatedImages(dataset, split);
  const rows = Math.max(1, Math.ceil(indices.length / columns));
  const legendTop = gap + rows * (side + gap);
  const hasMasks = indices.length > 0 && dataset.hasMask(split, indices[0]!);
  const legend = legendOf(images.classes, legendTop, hasMasks);
  const height = legendTop + legend.lines * lineHeight + gap;
  const sheet = Buffer.alloc(width * height * 3, 0x28);
  const drawn: string[] = [];
  for (let place = 0; place < indices.length; place++) {
    const tile = tileOf(images.image(indices[place]!), images.classes);
    const x = gap + (place % columns) * (side + gap) + Math.floor((side - tile.width) / 2);
    const y = gap + Math.floor(place / columns) * (side + gap) + Math.floor((side - tile.height) / 2);
    for (let line = 0; line < tile.height; line++) {
      const from = tile.pixels.subarray(line * tile.width * 3, (line + 1) * tile.width * 3);
      sheet.set(from, ((y + line) * width + x) * 3);
    }
    drawn.push(`<g transform="translate(${x} ${y})" paint-order="stroke" stroke-linejoin="round">${tile.outlines}</g>`);
  }
  const style =
    'text{font:11px sans-serif;fill:#eee} g text{fill:#fff;stroke:#000;stroke-width:2.5px;paint-order:stroke}';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><style>${style}</style>${drawn.join('')}${legend.svg}</svg>`;
  return sharp(sheet, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(svg) }])
    .png({ palette: true, effort: 7 })
    .toBuffer();
}
