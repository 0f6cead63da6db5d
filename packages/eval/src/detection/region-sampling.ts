import { deriveKey, permutation, type RandomKey } from '@selfsup/kit/random';
import { offsetsBetween, overlap, type Boxes } from './boxes.ts';

/** How regions to train on are drawn from an image's proposals. */
export interface SamplingRule {
  /** Regions drawn from an image. */
  readonly regions: number;
  /** Share of them that may be of objects. */
  readonly foreground: number;
  /** Least overlap with an object that makes a region one of it. */
  readonly least: number;
  /** Overlaps of background: from the first, up to but not the second. */
  readonly background: readonly [number, number];
}

/** Fast R-CNN's, for two images to a step (Girshick 2015, arXiv:1504.08083, §2.3). */
export const fastRcnnSampling: SamplingRule = { regions: 64, foreground: 0.25, least: 0.5, background: [0.1, 0.5] };

/** Faster R-CNN's, for one image at a time, as it was released. */
export const fasterRcnnSampling: SamplingRule = { ...fastRcnnSampling, regions: 128, background: [0, 0.5] };

/** Objects of an image, and the class of each, counted from 1: 0 is the background. */
export interface TrueObjects {
  readonly boxes: Boxes;
  readonly labels: ArrayLike<number>;
}

/** What each proposal of an image is to be taken for. */
export interface Matches {
  /** The object that each overlaps most, −1 where there is none. */
  readonly object: Int32Array;
  readonly overlap: Float32Array;
}

/** The object that each region overlaps most, the first of equal ones. */
export function matchRegions(regions: Boxes, { boxes, labels }: TrueObjects): Matches {
  const count = regions.length / 4;
  const found = { object: new Int32Array(count).fill(-1), overlap: new Float32Array(count) };
  for (let i = 0; i < count; i++)
    for (let j = 0; j < labels.length; j++) {
      const shared = overlap(regions, i, boxes, j);
      if (shared <= found.overlap[i]!) continue;
      found.object[i] = j;
      found.overlap[i] = shared;
    }
  return found;
}

/** Some of them, at most so many, drawn without replacement. */
export function drawnOf(from: readonly number[], most: number, key: RandomKey): number[] {
  return Array.from(permutation(key, from.length).subarray(0, most), (place) => from[place]!);
}

/** Regions to train on. */
export interface SampledRegions {
  /** Indices into the proposals: those of objects first. */
  readonly regions: number[];
  /** The class of each, 0 for background. */
  readonly labels: Int32Array;
  /** From each region to its object, `[regions, 4]`, 0 for background; see `offsetsBetween`. */
  readonly offsets: Float32Array;
}

/**
 * Draws regions without replacement: at most a share of those that overlap an object by `least`, the rest from those of the
 * background's overlaps. There are fewer where an image has fewer of a kind. A function of its arguments.
 */
export function sampleRegions(
  proposals: Boxes,
  truth: TrueObjects,
  matches: Matches,
  { regions, foreground, least, background }: SamplingRule,
  key: RandomKey,
): SampledRegions {
  const all = [...matches.overlap.keys()];
  const [low, high] = background;
  const objects = all.filter((i) => matches.overlap[i]! >= least);
  const ground = all.filter((i) => matches.overlap[i]! >= low && matches.overlap[i]! < high);
  const own = drawnOf(objects, Math.round(foreground * regions), deriveKey(key, 'objects'));
  const others = drawnOf(ground, regions - own.length, deriveKey(key, 'background'));
  const offsets = new Float32Array(4 * (own.length + others.length));
  const labels = new Int32Array(own.length + others.length);
  own.forEach((region, i) => {
    const object = matches.object[region]!;
    labels[i] = truth.labels[object]!;
    offsets.set(offsetsBetween(proposals, region, truth.boxes, object), 4 * i);
  });
  return { regions: [...own, ...others], labels, offsets };
}

/** Mean and deviation of offsets by class, `[classes, 4]` each. */
export interface OffsetScale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Adds up offsets of regions of objects, class by class. */
export class OffsetStatistics {
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;

  constructor(classes: number) {
    this.#counts = new Float64Array(classes);
    this.#sums = new Float64Array(4 * classes);
    this.#squares = new Float64Array(4 * classes);
  }

  /** All regions of an image that overlap an object by `least`. */
  add(proposals: Boxes, truth: TrueObjects, matches: Matches, least: number): void {
    matches.overlap.forEach((shared, region) => {
      if (shared < least) return;
      const object = matches.object[region]!;
      const label = truth.labels[object]!;
      this.#counts[label]!++;
      offsetsBetween(proposals, region, truth.boxes, object).forEach((value, side) => {
        this.#sums[4 * label + side]! += value;
        this.#squares[4 * label + side]! += value * value;
      });
    });
  }

  /** Classes without regions, and sides that do not vary, have mean 0 and deviation 1. */
  scale(): OffsetScale {
    const count = (at: number): number => this.#counts[Math.floor(at / 4)]! || 1;
    const mean = Float32Array.from(this.#sums, (sum, at) => sum / count(at));
    const deviation = Float32Array.from(this.#squares, (squares, at) => {
      const variance = squares / count(at) - (this.#sums[at]! / count(at)) ** 2;
      return variance > 1e-10 ? Math.sqrt(variance) : 1;
    });
    return { mean, deviation };
  }
}
