import { voidClass } from '../../formats/class-colours.ts';
import type { SourceMask } from '../../source.ts';

/**
 * The pixels of an object as COCO has them: polygons (x, y, x, y, … in pixels on pixel borders), or the lengths of runs of
 * pixels outside and inside in turn, down the columns, as numbers or packed as text.
 */
export type Segmentation =
  readonly (readonly number[])[] | { readonly size: readonly number[]; readonly counts: readonly number[] | string };

/** An object of an image. */
export interface Segment {
  readonly label: number;
  /** Many objects in one: void in a mask. */
  readonly crowd: boolean;
  readonly segmentation: Segmentation;
}

/** Unpacks runs: numbers of five bits a character, of which the sixth says that more follow, from the third on differences. */
function unpackedRuns(text: string): number[] {
  const runs: number[] = [];
  let at = 0;
  while (at < text.length) {
    let value = 0;
    let shift = 0;
    let more = true;
    while (more) {
      const bits = text.charCodeAt(at++) - 48;
      if (!(bits >= 0 && bits < 64)) throw new Error('holds packed runs that are cut off or damaged');
      value |= (bits & 31) << shift;
      shift += 5;
      more = (bits & 32) !== 0;
      if (!more && (bits & 16) !== 0) value |= -1 << shift;
    }
    runs.push(runs.length > 2 ? value + runs.at(-2)! : value);
  }
  return runs;
}

/** Objects times pixels: 350 of them in a photograph of twelve million. */
const mostDrawn = 2 ** 32;

const isNumbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(Number.isFinite);

/** Marks the pixels of runs, [height, width]. */
function ofRuns(runs: readonly number[], pixels: Uint8Array, height: number, width: number): void {
  let place = 0;
  for (const [i, run] of runs.entries()) {
    if (!Number.isInteger(run) || run < 0 || place + run > pixels.length)
      throw new Error('holds runs of pixels that the image does not have');
    for (let end = place + run; place < end; place++) {
      if (i % 2 === 1) pixels[(place % height) * width + Math.floor(place / height)] = 1;
    }
  }
}

/** Marks the pixels whose centres lie inside any of the polygons, [height, width]. */
function ofPolygons(polygons: readonly (readonly number[])[], pixels: Uint8Array, height: number, width: number): void {
  for (const polygon of polygons) {
    const corners = polygon.length / 2;
    if (!Number.isInteger(corners) || corners < 3) throw new Error('holds a polygon of fewer than three corners');
    for (let y = 0; y < height; y++) {
      const crossings: number[] = [];
      for (let i = 0; i < corners; i++) {
        const next = (i + 1) % corners;
        const [x0, y0, x1, y1] = [polygon[2 * i]!, polygon[2 * i + 1]!, polygon[2 * next]!, polygon[2 * next + 1]!];
        const middle = y + 0.5;
        if (y0 <= middle !== y1 <= middle) crossings.push(x0 + ((middle - y0) / (y1 - y0)) * (x1 - x0));
      }
      crossings.sort((a, b) => a - b);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const first = Math.max(0, Math.ceil(crossings[i]! - 0.5));
        const end = Math.min(width, Math.ceil(crossings[i + 1]! - 0.5));
        if (first < end) pixels.fill(1, y * width + first, y * width + end);
      }
    }
  }
}

/** Marks the pixels of an object, and no others, with 1. */
function draw(segmentation: Segmentation, pixels: Uint8Array, height: number, width: number): void {
  pixels.fill(0);
  // What a file has, which may be anything.
  const written: unknown = segmentation;
  if (Array.isArray(written)) {
    if (!written.every(isNumbers)) throw new Error('holds a polygon that is no list of numbers');
    return ofPolygons(written, pixels, height, width);
  }
  const { size, counts } = (written ?? {}) as { readonly size?: unknown; readonly counts?: unknown };
  if (!isNumbers(size) || size.length !== 2 || (typeof counts !== 'string' && !isNumbers(counts))) {
    throw new Error('holds pixels of an object that are neither polygons nor runs');
  }
  if (size[0] !== height || size[1] !== width) {
    throw new Error(`holds runs of ${size[0]} × ${size[1]} pixels, the image has ${height} × ${width}`);
  }
  ofRuns(typeof counts === 'string' ? unpackedRuns(counts) : counts, pixels, height, width);
}

/**
 * The mask of an image from its objects: 0 where there is none, else label + 1; where several overlap the one of the fewest
 * pixels; 255 in crowds without other objects. Throws `Error` where one is damaged or of another size.
 */
export function maskOf(segments: readonly Segment[], height: number, width: number): SourceMask {
  if (segments.length * height * width > mostDrawn) {
    throw new Error(`has ${segments.length} objects in ${height} × ${width} pixels, more than are drawn`);
  }
  // One object at a time, and twice: thousands of them in a large picture would not fit in memory.
  const pixels = new Uint8Array(height * width);
  const sized = segments.map((segment) => {
    draw(segment.segmentation, pixels, height, width);
    return { segment, area: segment.crowd ? Infinity : pixels.reduce((a, b) => a + b, 0) };
  });
  const classes = new Uint8Array(height * width);
  for (const { segment } of sized.sort((a, b) => b.area - a.area)) {
    const value = segment.crowd ? voidClass : segment.label + 1;
    draw(segment.segmentation, pixels, height, width);
    pixels.forEach((inside, i) => {
      if (inside === 1) classes[i] = value;
    });
  }
  return { classes, height, width };
}
