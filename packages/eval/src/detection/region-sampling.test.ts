import { expect, test } from 'vitest';
import { randomKey } from '@selfsup/kit/random';
import { fastRcnnSampling, matchRegions, OffsetStatistics, sampleRegions } from './region-sampling.ts';

const truth = { boxes: Float32Array.of(0, 0, 10, 10, 20, 0, 30, 20), labels: [3, 1] };
// On the first object; half of it; 30 %, 10 % and 5 % of it; on the second; nowhere.
const proposals = Float32Array.of(
  ...[0, 0, 10, 10, 0, 0, 10, 5, 0, 0, 10, 3, 0, 0, 10, 1, 0, 0, 5, 1, 21, 0, 31, 20, 50, 50, 60, 60],
);
const matches = matchRegions(proposals, truth);

test('each region goes to the object that it overlaps most', () => {
  expect([...matches.object]).toEqual([0, 0, 0, 0, 0, 1, -1]);
  expect(Array.from(matches.overlap, (value) => Number(value.toFixed(4)))).toEqual([1, 0.5, 0.3, 0.1, 0.05, 0.8182, 0]);
});

test('objects from one half on, background between a tenth and one half, no more than a quarter of objects', () => {
  const rule = { ...fastRcnnSampling, regions: 4, background: [0.09, 0.5] as const };
  const seen = new Set<number>();
  for (let draw = 0; draw < 40; draw++) {
    const { regions, labels, offsets } = sampleRegions(proposals, truth, matches, rule, randomKey(draw));
    expect(labels.filter((label) => label > 0)).toHaveLength(1);
    expect([0, 1, 5]).toContain(regions[0]);
    expect(regions.slice(1).sort()).toEqual([2, 3]); // there are no more
    expect(labels[0]).toBe(regions[0] === 5 ? 1 : 3);
    expect([...offsets.subarray(4)]).toEqual(new Array(8).fill(0));
    seen.add(regions[0]!);
  }
  expect(seen.size).toBe(3);
  const again = () => sampleRegions(proposals, truth, matches, rule, randomKey(3));
  expect(again()).toEqual(again());
});

test('an image without objects gives background only, or nothing', () => {
  const none = { boxes: new Float32Array(0), labels: [] };
  const sampled = sampleRegions(proposals, none, matchRegions(proposals, none), fastRcnnSampling, randomKey(1));
  expect(sampled.regions).toEqual([]);
});

test('offsets are measured class by class over all regions of objects', () => {
  const statistics = new OffsetStatistics(4);
  statistics.add(proposals, truth, matches, 0.5);
  const { mean, deviation } = statistics.scale();
  // Class 3: (0, 0, 0, 0) and (0, 0.5, 0, ln 2). Class 1: one region, whose sides do not vary.
  expect([...mean.subarray(12)].map((value) => Number(value.toFixed(5)))).toEqual([0, 0.25, 0, 0.34657]);
  expect([...deviation.subarray(12)].map((value) => Number(value.toFixed(5)))).toEqual([1, 0.25, 1, 0.34657]);
  expect(mean[4]).toBeCloseTo(-0.1, 5);
  expect([...deviation.subarray(4, 8)]).toEqual([1, 1, 1, 1]);
  expect([...mean.subarray(8, 12), ...deviation.subarray(8, 12)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
});
