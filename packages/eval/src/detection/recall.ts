import { accuracy, type Quantity } from '@selfsup/kit/metric';
import { overlap, type Boxes } from './boxes.ts';

/**
 * For each object the greatest overlap (intersection over union) that any of the boxes has with it, [objects]; 0 where there
 * are none.
 *
 * @param objects [count, 4] left, top, right, bottom on pixel borders; `boxes` likewise
 */
export function bestOverlaps(objects: Boxes, boxes: Boxes): Float64Array {
  return Float64Array.from({ length: objects.length / 4 }, (_, object) => {
    let best = 0;
    for (let i = 0; i < boxes.length / 4; i++) best = Math.max(best, overlap(objects, object, boxes, i));
    return best;
  });
}

/** What is measured of regions that are proposed. */
export const coverageQuantities = {
  recall50: accuracy,
  recall70: accuracy,
  overlap: { unit: 'share', better: 'more' } as Quantity,
  boxes: { unit: 'none', better: 'neither' } as Quantity,
};

/**
 * How well proposed regions cover objects, by the best overlap of each: the share in percent that is overlapped by half, and by 0.7,
 * and the mean, all absent where there is no object; and how many boxes there are in an image, to one place.
 */
export function coverage(
  best: readonly number[],
  boxes: number,
  images: number,
): Partial<Record<keyof typeof coverageQuantities, number>> & { readonly boxes: number } {
  const perImage = Math.round((10 * boxes) / images) / 10;
  if (best.length === 0) return { boxes: perImage };
  const percent = (least: number): number => (100 * best.filter((one) => one >= least).length) / best.length;
  const mean = best.reduce((a, b) => a + b) / best.length;
  return { recall50: percent(0.5), recall70: percent(0.7), overlap: mean, boxes: perImage };
}
