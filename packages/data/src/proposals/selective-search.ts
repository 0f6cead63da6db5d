import { randomKey, uniform } from '@selfsup/kit/random';
import { resize, type Picture } from '../pictures/native/pictures.ts';
import { regionsOf, type Strategies } from './native/selective-search.ts';

/** How boxes are proposed. */
export interface SearchSettings extends Strategies {
  /** Width that pictures are brought to before they are searched, in pixels. */
  readonly width: number;
  /** Boxes with a side below this, in pixels of that width, are dropped. */
  readonly leastSide: number;
  readonly seed: number;
}

/**
 * Boxes that may hold objects, by selective search (Uijlings et al., IJCV 2013), [count, 4]: left, top, right, bottom in pixels
 * of the picture on pixel borders, no two the same. In the order of the paper: the place of a region in its hierarchy times a
 * random number, a function of seed and `name`; of equal boxes the first counts.
 *
 * @param picture of 3 channels
 */
export function selectiveSearch(picture: Picture, name: string, settings: SearchSettings): Float32Array {
  const { width, leastSide, seed } = settings;
  const scale = width / picture.width;
  const height = Math.max(1, Math.round(picture.height * scale));
  const pixels = new Uint8Array(3 * width * height);
  const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height };
  resize(picture, whole, { height, width, filter: 'bilinear', target: pixels });
  const regions = regionsOf({ pixels, height, width, channels: 3 }, settings);
  const key = randomKey(seed, 'proposals', name);
  const first = new Map<string, { readonly at: number; readonly priority: number }>();
  for (let at = 0; at < regions.length; at += 5) {
    const [left, top, right, bottom, place] = regions.subarray(at, at + 5) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (right - left < leastSide || bottom - top < leastSide) continue;
    const priority = place * uniform(key, at / 5);
    const corners = `${left} ${top} ${right} ${bottom}`;
    if (priority < (first.get(corners)?.priority ?? Infinity)) first.set(corners, { at, priority });
  }
  const order = [...first.values()].sort((a, b) => a.priority - b.priority || a.at - b.at);
  const [toX, toY] = [picture.width / width, picture.height / height];
  const boxes = new Float32Array(4 * order.length);
  for (const [i, { at }] of order.entries()) {
    boxes.set([regions[at]! * toX, regions[at + 1]! * toY, regions[at + 2]! * toX, regions[at + 3]! * toY], 4 * i);
  }
  return boxes;
}
