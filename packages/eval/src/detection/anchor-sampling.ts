import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { offsetsBetween, overlap, type Boxes } from './boxes.ts';
import { drawnOf, matchRegions, type TrueObjects } from './region-sampling.ts';

/** How anchors to train on are drawn from those of an image. */
export interface AnchorSampling {
  /** Anchors drawn from an image. */
  readonly anchors: number;
  /** Share of them that may be of objects. */
  readonly foreground: number;
  /** Least overlap with an object that makes an anchor one of it, and overlap below which it is background. */
  readonly least: number;
  readonly background: number;
}

/** Faster R-CNN's (Ren et al. 2015, arXiv:1506.01497, §3.1.2 and 3.1.3). */
export const fasterRcnnAnchors: AnchorSampling = { anchors: 256, foreground: 0.5, least: 0.7, background: 0.3 };

/** What the anchors of an image are to be taken for. */
export interface AnchorTargets {
  /** 1 for an object, 0 for background, `[anchors]`. */
  readonly labels: Int32Array;
  /** 1 for those that were drawn, else 0, `[anchors]`. */
  readonly counts: Float32Array;
  /** From each drawn anchor of an object to the object, else 0, `[anchors, 4]`; see `offsetsBetween`. */
  readonly offsets: Float32Array;
}

/**
 * Which anchors are of objects (1), which are background (0) and which neither (−1), and the object that each overlaps most.
 * Only those wholly inside the image may be either. Of objects are those that overlap one by `least`, and for each object
 * those that overlap it most, all of equal ones, however little it be.
 */
export function assignAnchors(
  anchors: Boxes,
  truth: TrueObjects,
  { height, width }: { readonly height: number; readonly width: number },
  { least, background }: Pick<AnchorSampling, 'least' | 'background'>,
): { readonly labels: Int8Array; readonly objects: Int32Array } {
  const inside: number[] = [];
  for (let i = 0; i < anchors.length / 4; i++) {
    const at = 4 * i;
    if (anchors[at]! < 0 || anchors[at + 1]! < 0 || anchors[at + 2]! > width || anchors[at + 3]! > height) continue;
    inside.push(i);
  }
  const matches = matchRegions(anchors, truth);
  const labels = new Int8Array(anchors.length / 4).fill(-1);
  for (const i of inside) {
    if (matches.overlap[i]! >= least) labels[i] = 1;
    else if (matches.overlap[i]! < background) labels[i] = 0;
  }
  for (let object = 0; object < truth.labels.length; object++) {
    const shared = inside.map((i) => overlap(anchors, i, truth.boxes, object));
    const most = shared.reduce((a, b) => Math.max(a, b), 0);
    if (most > 0) inside.forEach((i, place) => shared[place] === most && (labels[i] = 1));
  }
  return { labels, objects: matches.object };
}

/** Draws anchors to train on without replacement: at most a share of those of objects, the rest background. */
export function sampleAnchors(
  anchors: Boxes,
  truth: TrueObjects,
  image: { readonly height: number; readonly width: number },
  rule: AnchorSampling,
  key: RandomKey,
): AnchorTargets {
  const { labels, objects } = assignAnchors(anchors, truth, image, rule);
  const labelled = (label: number): number[] => [...labels.keys()].filter((i) => labels[i] === label);
  const own = drawnOf(labelled(1), Math.floor(rule.foreground * rule.anchors), deriveKey(key, 'objects'));
  const others = drawnOf(labelled(0), rule.anchors - own.length, deriveKey(key, 'background'));
  const count = labels.length;
  const found = {
    labels: new Int32Array(count),
    counts: new Float32Array(count),
    offsets: new Float32Array(4 * count),
  };
  for (const i of [...own, ...others]) found.counts[i] = 1;
  for (const i of own) {
    found.labels[i] = 1;
    found.offsets.set(offsetsBetween(anchors, i, truth.boxes, objects[i]!), 4 * i);
  }
  return found;
}
