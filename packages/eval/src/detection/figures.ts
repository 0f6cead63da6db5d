import type { Dataset } from '@selfsup/data/dataset';
import { thumbnail } from '@selfsup/data/pictures';
import type { Figure } from '@selfsup/kit/stage';
import { classScores } from '@selfsup/report/figures/class-scores';
import { detections } from '@selfsup/report/figures/detections';
import { precisionRecall } from '@selfsup/report/figures/precision-recall';
import { encodePng } from '@selfsup/report/images';
import { drawnPoints } from '../measures/average-precision.ts';
import type { Found } from './detect.ts';
import type { Box, DetectionScores, Verdict } from './mean-precision.ts';

/** Test images that are shown, their longer side in pixels, and the least score of the boxes drawn on them. */
const SHOWN = 12;
const SIDE = 320;
const LEAST_SCORE = 0.5;

/** What was found in test images, and where they lie. */
export interface DetectionResult {
  readonly dataset: Dataset;
  readonly split: string;
  readonly indices: Uint32Array;
  readonly found: readonly (readonly Found[])[];
  readonly truth: readonly (readonly Box[])[];
  readonly scores: DetectionScores;
}

/** Pictures with boxes, precision over recall, and average precision by class. */
export function detectionFigures(title: string, result: DetectionResult): Figure[] {
  const { classes } = result.dataset.manifest;
  const { ofClasses, curves } = result.scores;
  const percent = (share: number | null): number | null => (share === null ? null : 100 * share);
  const places = result.indices.length;
  const shown = Array.from({ length: Math.min(SHOWN, places) }, (_, i) =>
    Math.floor((i * places) / Math.min(SHOWN, places)),
  );
  return [
    detections({
      title: `Boxes with a score of ${LEAST_SCORE} and more, in test images`,
      pictures: shown.map((place) => pictureOf(result, place)),
    }),
    precisionRecall({
      title: `${title}, an overlap of one half`,
      classes: classes.map((name, i) => ({
        ...{ name, positives: curves[i]!.positives, ap: percent(ofClasses[i]!.map11) },
        points: drawnPoints(curves[i]!),
      })),
    }),
    classScores({
      ...{ title, measure: 'AP (11 points)', counted: 'objects' },
      classes: classes.map((name, i) => ({ name, score: percent(ofClasses[i]!.map11), count: ofClasses[i]!.objects })),
    }),
  ];
}

function pictureOf({ dataset, split, indices, found, truth, scores }: DetectionResult, place: number) {
  const index = indices[place]!;
  const { classes } = dataset.manifest;
  const whole = dataset.picture(split, index);
  const small = thumbnail(whole, SIDE);
  const edges = ([left, top, right, bottom]: readonly number[]) => ({
    left: left!,
    top: top!,
    right: right!,
    bottom: bottom!,
  });
  const drawn = found[place]!.flatMap((one, i) =>
    one.score < LEAST_SCORE ? [] : [{ one, verdict: scores.verdicts[place]![i]! }],
  );
  const seen = new Set(drawn.map(({ verdict }) => verdict.box));
  const boxes = [
    ...drawn.map(({ one, verdict }) => ({
      ...edges(one.box),
      name: classes[one.label]!,
      score: one.score,
      verdict: wordOf(verdict),
    })),
    ...truth[place]!.flatMap((box, i) => {
      if (seen.has(i)) return [];
      const { left, top, right, bottom, difficult } = box;
      const verdict = difficult ? ('difficult' as const) : ('missed' as const);
      return [{ left, top, right, bottom, name: classes[box.label]!, verdict }];
    }),
  ];
  return {
    image: encodePng(small.pixels, small.height, small.width, small.channels as 1 | 3),
    ...{ width: whole.width, height: whole.height, caption: dataset.sourcePath(split, index), boxes },
  };
}

const wordOf = ({ outcome }: Verdict) => (outcome === 'ignored' ? ('difficult' as const) : outcome);
