import type { RandomKey } from '@selfsup/kit/random';
import { rowsOf, type Boxes } from './boxes.ts';
import type { RegionTargets } from './region-losses.ts';
import {
  matchRegions,
  sampleRegions,
  type OffsetScale,
  type SamplingRule,
  type TrueObjects,
} from './region-sampling.ts';

/** How regions to train on are drawn, and by what their offsets are standardised. */
export interface RegionDrawing {
  readonly rule: SamplingRule;
  readonly scale: OffsetScale;
}

/**
 * Regions of an image to train on, `[rule.regions, 4]`, and what they should be taken for. Where there are fewer, those that fill
 * up repeat the others: a head's batch norm sees them too.
 */
export function drawnRegions(
  proposals: Boxes,
  truth: TrueObjects,
  { rule, scale }: RegionDrawing,
  key: RandomKey,
): RegionTargets & { readonly regions: Boxes } {
  const sampled = sampleRegions(proposals, truth, matchRegions(proposals, truth), rule, key);
  const count = sampled.regions.length;
  const regions = new Float32Array(4 * rule.regions);
  if (count > 0) {
    const filled = Array.from({ length: rule.regions }, (_, i) => sampled.regions[i % count]!);
    regions.set(rowsOf(proposals, filled));
  }
  const found = {
    labels: new Int32Array(rule.regions),
    offsets: new Float32Array(4 * rule.regions),
    counts: new Float32Array(rule.regions).fill(1, 0, count),
  };
  found.labels.set(sampled.labels);
  sampled.labels.forEach((label, i) => {
    if (label === 0) return;
    for (let side = 0; side < 4; side++) {
      const [mean, deviation] = [scale.mean[4 * label + side]!, scale.deviation[4 * label + side]!];
      found.offsets[4 * i + side] = (sampled.offsets[4 * i + side]! - mean) / deviation;
    }
  });
  return { regions, ...found };
}
