import { UserError } from '@selfsup/kit/errors';
import { assignAnchors, type AnchorSampling } from '../../detection/anchor-sampling.ts';
import type { Boxes } from '../../detection/boxes.ts';
import { scaledBoxes, type ScaleRule, type Size } from '../../detection/scaled-images.ts';
import { imagesAtScales, objectsOf, type LabelledImages } from '../../detection/training-images.ts';

/**
 * Looks for a training image of which an anchor is of an object, so that there is something to learn: mostly the first is one.
 * `anchorsOf` gives the anchors over a frame. Throws `UserError` where no image, at none of its scales, has one.
 */
export function requirePositives(
  images: LabelledImages,
  scales: readonly ScaleRule[],
  anchorsOf: (frame: Size) => Boxes,
  rule: AnchorSampling,
): void {
  let isAnyInside = false;
  for (const { index, stored, size, frame } of imagesAtScales(images, scales)) {
    const truth = objectsOf(images, index);
    const boxes = scaledBoxes(truth.boxes, [size.height / stored.height, size.width / stored.width]);
    const { labels } = assignAnchors(anchorsOf(frame), { ...truth, boxes }, size, rule);
    if (labels.includes(1)) return;
    isAnyInside ||= labels.includes(0);
  }
  const why = isAnyInside
    ? 'No anchor that lies inside its image overlaps an object'
    : 'No anchor lies inside any training image';
  throw new UserError(why, { field: 'sides', remedy: "Make 'sides' smaller, or images larger by 'scales'." });
}
