import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import type { Feed } from '@selfsup/trainer/trainee';
import { drawFeed } from '../tuning/draw-feed.ts';
import type { Boxes } from './boxes.ts';
import type { RegionBatch } from './detector.ts';
import { matchRegions, OffsetStatistics, type OffsetScale, type TrueObjects } from './region-sampling.ts';
import { drawnRegions, type RegionDrawing } from './region-targets.ts';
import { cornersOf, mirrored, scaledImages } from './scaled-images.ts';
import { objectsOf, wantedOf, type ImageDrawing, type LabelledImages } from './training-images.ts';

/** Gives the regions that are proposed for an image of a split. */
export type Propose = (split: string, index: number) => Boxes;

/** What a detector on given regions is trained on. */
export interface DetectionImages extends LabelledImages {
  readonly propose: Propose;
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

export type RegionFeed = DetectionImages & ImageDrawing & RegionDrawing;

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
  const { rule } = feed;
  const wanted = draws.map((draw) => wantedOf(feed, draw, key));
  const images = scaledImages(feed.dataset, feed.split, wanted);
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
    const truth = { boxes: turn(plain.truth.boxes), labels: plain.truth.labels };
    const drawn = drawnRegions(turn(plain.regions), truth, feed, deriveKey(key, draws[place]!));
    corners.push(...cornersOf(drawn.regions, images.scales[place]!));
    places.push(...new Array<number>(rule.regions).fill(place));
    const first = place * rule.regions;
    found.labels.set(drawn.labels, first);
    found.counts.set(drawn.counts, first);
    found.offsets.set(drawn.offsets, 4 * first);
  });
  return { images, corners, places, ...found };
}
