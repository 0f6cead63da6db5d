import type { Dataset } from '@selfsup/data/dataset';
import { areaOf, moved, rowsOf, suppressed, type Boxes } from './boxes.ts';
import type { Detector } from './detector.ts';
import type { Propose } from './region-feed.ts';
import type { OffsetScale } from './region-sampling.ts';
import type { RegionScores } from './region-scores.ts';
import { cornersOf, scaledImages, type ScaleRule } from './scaled-images.ts';

/** Scores below are left out; boxes of a class may overlap by no more; boxes that an image keeps over all classes. */
const LEAST_SCORE = 0.05;
const MOST_OVERLAP = 0.3;
const MOST_BOXES = 100;
/** Area in pixels that a region should have at the scale at which it is looked at. */
const USUAL_AREA = 224 ** 2;

/** An object that was found. */
export interface Found {
  /** Class, counted from 0. */
  readonly label: number;
  /** In (0, 1]. */
  readonly score: number;
  /** Left, top, right, bottom in pixels of the stored image. */
  readonly box: readonly [number, number, number, number];
}

/** What a detector made of a test image. */
export interface Seen {
  /** Best first. */
  readonly objects: Found[];
  /** Where it proposes regions itself: how many, and for each object that counts the greatest overlap that one of them has. */
  readonly proposals?: { readonly count: number; readonly overlaps: number[] };
}

export interface Detecting {
  readonly detector: Detector;
  readonly dataset: Dataset;
  readonly split: string;
  readonly propose: Propose;
  readonly scales: readonly ScaleRule[];
  readonly scale: OffsetScale;
}

/**
 * The objects of an image, best first, as py-faster-rcnn takes them: each region at the scale at which its area is nearest to
 * 224²; for each class the moved regions with a score above 0.05, suppressed above an overlap of 0.3; of all classes the best 100.
 */
export function detect({ detector, dataset, split, propose, scales, scale }: Detecting, index: number): Found[] {
  const regions = propose(split, index);
  const count = regions.length / 4;
  const classes = scale.mean.length / 4;
  const size = dataset.picture(split, index);
  const factors = scales.map(({ side, most }) =>
    Math.min(side / Math.min(size.height, size.width), most / Math.max(size.height, size.width)),
  );
  const nearest = Array.from({ length: count }, (_, i) => {
    const distances = factors.map((factor) => Math.abs(areaOf(regions, i) * factor ** 2 - USUAL_AREA));
    return distances.indexOf(Math.min(...distances));
  });
  const probabilities = new Float32Array(count * classes);
  const offsets = new Float32Array(4 * count * classes);
  scales.forEach((rule, place) => {
    const chosen = nearest.flatMap((one, i) => (one === place ? [i] : []));
    if (chosen.length === 0) return;
    const images = scaledImages(dataset, split, [{ index, flip: false, scale: rule }]);
    const found = detector.look(images, cornersOf(rowsOf(regions, chosen), images.scales[0]!));
    chosen.forEach((region, i) => {
      probabilities.set(found.probabilities.subarray(i * classes, (i + 1) * classes), region * classes);
      offsets.set(found.offsets.subarray(4 * i * classes, 4 * (i + 1) * classes), 4 * region * classes);
    });
  });
  return bestObjects(regions, { probabilities, offsets }, scale, size);
}

/**
 * Of regions of an image and what a head says of them: for each class the moved regions with a score above 0.05, suppressed above
 * an overlap of 0.3; of all classes the best 100.
 */
export function bestObjects(
  regions: Boxes,
  { probabilities, offsets }: RegionScores,
  scale: OffsetScale,
  size: { readonly height: number; readonly width: number },
): Found[] {
  const count = regions.length / 4;
  const classes = scale.mean.length / 4;
  const all: Found[] = [];
  for (let label = 1; label < classes; label++) {
    const chosen = Array.from({ length: count }, (_, i) => i).filter(
      (i) => probabilities[i * classes + label]! > LEAST_SCORE,
    );
    const scores = chosen.map((i) => probabilities[i * classes + label]!);
    const from = rowsOf(regions, chosen);
    const moves = chosen.flatMap((i) =>
      [0, 1, 2, 3].map((side) => {
        const value = offsets[4 * (i * classes + label) + side]!;
        return value * scale.deviation[4 * label + side]! + scale.mean[4 * label + side]!;
      }),
    );
    const boxes = moved(from, moves, size);
    for (const i of suppressed(boxes, scores, MOST_OVERLAP)) {
      const box = [...boxes.subarray(4 * i, 4 * i + 4)] as [number, number, number, number];
      all.push({ label: label - 1, score: scores[i]!, box });
    }
  }
  return all.sort((a, b) => b.score - a.score || a.label - b.label).slice(0, MOST_BOXES);
}
