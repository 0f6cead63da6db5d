import type { Dataset } from '@selfsup/data/dataset';
import { classColour, thumbnail, voidClass } from '@selfsup/data/pictures';
import type { Figure } from '@selfsup/kit/stage';
import { classScores } from '@selfsup/report/figures/class-scores';
import { confusion } from '@selfsup/report/figures/confusion';
import { masks } from '@selfsup/report/figures/masks';
import { encodePng, maskPng } from '@selfsup/report/images';
import type { SegmentationScores } from '../measures/segmentation.ts';
import { framesOf, type FrameSize } from './frames.ts';
import { segmented, type Segmenter } from './segmenter.ts';

/** Test images that are shown, and their longer side in pixels. */
const SHOWN = 8;
const SIDE = 240;

/** What was tested. */
export interface SegmentationResult {
  readonly segmenter: Segmenter;
  readonly dataset: Dataset;
  readonly split: string;
  readonly indices: Uint32Array;
  readonly size: FrameSize;
  /** Pixels by true and said class, and what they come to. */
  readonly counts: Float64Array;
  /** Test images that show each class. */
  readonly images: readonly number[];
  readonly scores: SegmentationScores;
}

/** Pictures with their masks and the answers, intersection over union by class, and what was taken for what. */
export function segmentationFigures(title: string, result: SegmentationResult): Figure[] {
  const { dataset, indices, counts, images, scores } = result;
  const { classes } = dataset.manifest;
  const shown = Math.min(SHOWN, indices.length);
  const colours = classes.map((_, label) => colourOf(classes, label));
  return [
    masks({
      legend: [
        ...classes.map((name, label) => ({ name, colour: colours[label]! })),
        { name: 'void', colour: classColour(voidClass) },
      ],
      pictures: Array.from({ length: shown }, (_, i) =>
        tripleOf(result, indices[Math.floor((i * indices.length) / shown)]!),
      ),
    }),
    classScores({
      ...{ title, measure: 'IU', counted: 'images' },
      classes: classes.map((name, label) => ({
        name,
        score: Number.isNaN(scores.ofClasses[label]!) ? null : 100 * scores.ofClasses[label]!,
        count: images[label]!,
      })),
    }),
    confusion({
      ...{ title, classes: [...classes], counted: 'pixels' },
      matrix: classes.map((_, label) => [...counts.subarray(label * classes.length, (label + 1) * classes.length)]),
    }),
  ];
}

/** For each class how many of the images show it. */
export function imagesByClass(dataset: Dataset, split: string, indices: Uint32Array): number[] {
  const counts = dataset.manifest.classes.map(() => 0);
  for (const index of indices)
    for (const label of new Set(dataset.mask(split, index)!.classes)) if (label in counts) counts[label]!++;
  return counts;
}

/** VOC's colours, in which the background is black; without one all classes have a colour. */
function colourOf(classes: readonly string[], label: number): [number, number, number] {
  return label === voidClass ? classColour(voidClass) : classColour(label + (classes[0] === 'background' ? 0 : 1));
}

function tripleOf({ segmenter, dataset, split, size }: SegmentationResult, index: number) {
  const picture = dataset.picture(split, index);
  const { height, width } = picture;
  const said = segmented(segmenter, framesOf(dataset, split, [index], size));
  const small = thumbnail(picture, SIDE);
  // Every so many pixels, as the picture beside them.
  const every = <Values extends ArrayLike<number>>(values: Values, across: number): Uint8Array =>
    Uint8Array.from({ length: small.height * small.width }, (_, place) => {
      const y = Math.floor(((Math.floor(place / small.width) + 0.5) * height) / small.height);
      const x = Math.floor((((place % small.width) + 0.5) * width) / small.width);
      return values[y * across + x]!;
    });
  const { classes } = dataset.manifest;
  const drawn = (labels: Uint8Array) => maskPng(labels, small.height, small.width, (label) => colourOf(classes, label));
  return {
    image: encodePng(small.pixels, small.height, small.width, small.channels as 1 | 3),
    truth: drawn(every(dataset.mask(split, index)!.classes, width)),
    answer: drawn(every(said, size.width)),
    caption: dataset.sourcePath(split, index),
  };
}
