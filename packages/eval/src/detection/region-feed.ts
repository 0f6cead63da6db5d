import type { Dataset } from '@selfsup/data/dataset';
import { deriveKey, integer, type RandomKey } from '@selfsup/kit/random';
import type { Feed } from '@selfsup/trainer/trainee';
import { drawFeed } from '../tuning/draw-feed.ts';
import type { Boxes } from './boxes.ts';
import type { RegionBatch } from './detector.ts';
import {
  matchRegions,
  OffsetStatistics,
  sampleRegions,
  type OffsetScale,
  type SamplingRule,
  type TrueObjects,
} from './region-sampling.ts';
import { cornersOf, mirrored, scaledImages, type ScaleRule } from './scaled-images.ts';

/** Gives the regions that are proposed for an image of a split. */
export type Propose = (split: string, index: number) => Boxes;

/** What a detector is trained on. */
export interface DetectionImages {
  readonly dataset: Dataset;
  readonly split: string;
  readonly indices: Uint32Array;
  readonly propose: Propose;
  /** Whether difficult objects are trained on. */
  readonly difficult: boolean;
}

/** The objects of an image; the class of each counted from 1. */
function objectsOf(
  { dataset, split, difficult }: Pick<DetectionImages, 'dataset' | 'split' | 'difficult'>,
  index: number,
): TrueObjects {
  const { boxes = [] } = dataset.annotations(split, index);
  const own = boxes.filter((box) => difficult || !box.difficult);
  return {
    boxes: Float32Array.from(own.flatMap(({ left, top, right, bottom }) => [left, top, right, bottom])),
    labels: own.map(({ label }) => label + 1),
  };
}

/** Regions to draw from: those that are proposed, and the objects themselves. */
function regionsOf(images: DetectionImages, index: number): { regions: Boxes; truth: TrueObjects } {
  const truth = objectsOf(images, index);
  const proposed = images.propose(images.split, index);
  const regions = new Float32Array(proposed.length + truth.boxes.length);
  regions.set(proposed);
  regions.set(truth.boxes, proposed.length);
  return { regions, truth };
}

/** Mean and deviation of the offsets of all regions of objects, by class; each image counts as it is and mirrored. */
export function offsetScale(images: DetectionImages, classes: number, least: number): OffsetScale {
  const statistics = new OffsetStatistics(classes);
  for (const index of images.indices) {
    const { regions, truth } = regionsOf(images, index);
    const matches = matchRegions(regions, truth);
    statistics.add(regions, truth, matches, least);
    // Offsets do not depend on where the image ends, so any width will do.
    const boxes = mirrored(truth.boxes, 0);
    statistics.add(mirrored(regions, 0), { ...truth, boxes }, matches, least);
  }
  return statistics.scale();
}

export interface RegionFeed extends DetectionImages {
  /** Images to a step. */
  readonly batchSize: number;
  /** Draws that make an epoch; twice the number of images, each mirrored too, where absent. */
  readonly samplesPerEpoch?: number | undefined;
  /** One of them at random for each image. */
  readonly scales: readonly ScaleRule[];
  readonly rule: SamplingRule;
  readonly scale: OffsetScale;
  /** Order, scales and regions are functions of it. */
  readonly key: RandomKey;
  /** Called with the size of each batch before it is given. */
  readonly onSize: (size: { readonly height: number; readonly width: number }) => void;
}

/** Batches of regions to train on; all a function of the key and the position. */
export function regionFeed(feed: RegionFeed): Feed<RegionBatch> {
  const { indices, samplesPerEpoch, batchSize, key, onSize } = feed;
  return drawFeed({ items: 2 * indices.length, samplesPerEpoch, batchSize }, key, (draws, epoch) => {
    const made = regionBatch(feed, [...draws], deriveKey(key, 'regions', epoch));
    onSize(made.images);
    return made;
  });
}

function regionBatch(feed: RegionFeed, draws: readonly number[], key: RandomKey): RegionBatch {
  const { dataset, split, indices, scales, rule, scale } = feed;
  const wanted = draws.map((draw) => ({
    index: indices[draw % indices.length]!,
    // The second time round an image is mirrored.
    flip: Math.floor(draw / indices.length) % 2 === 1,
    scale: scales[integer(deriveKey(key, draw, 'scale'), scales.length)]!,
  }));
  const images = scaledImages(dataset, split, wanted);
  const count = draws.length * rule.regions;
  const found = {
    labels: new Int32Array(count),
    offsets: new Float32Array(4 * count),
    counts: new Float32Array(count),
  };
  const [corners, places]: [number[], number[]] = [[], []];
  wanted.forEach(({ index, flip }, place) => {
    const plain = regionsOf(feed, index);
    const { width } = images.sizes[place]!;
    const turn = (boxes: Boxes): Boxes => (flip ? mirrored(boxes, width) : boxes);
    const regions = turn(plain.regions);
    const truth = { boxes: turn(plain.truth.boxes), labels: plain.truth.labels };
    const sampled = sampleRegions(regions, truth, matchRegions(regions, truth), rule, deriveKey(key, draws[place]!));
    const first = place * rule.regions;
    const own = cornersOf(regions, sampled.regions, images.scales[place]!);
    // Those that fill up repeat the others: a head's batch norm sees them too.
    for (let i = 0; i < 4 * rule.regions; i++) corners.push(own.length === 0 ? 0 : own[i % own.length]!);
    places.push(...new Array<number>(rule.regions).fill(place));
    found.labels.set(sampled.labels, first);
    found.counts.fill(1, first, first + sampled.regions.length);
    sampled.labels.forEach((label, i) => {
      if (label === 0) return;
      for (let side = 0; side < 4; side++) {
        const [mean, deviation] = [scale.mean[4 * label + side]!, scale.deviation[4 * label + side]!];
        found.offsets[4 * (first + i) + side] = (sampled.offsets[4 * i + side]! - mean) / deviation;
      }
    });
  });
  return { images, corners, places, ...found };
}
