import { expect, test } from 'vitest';
import { randomKey } from '@selfsup/kit/random';
import { proposalReference } from '../testing/proposal-reference.ts';
import { assignAnchors, fasterRcnnAnchors, sampleAnchors } from './anchor-sampling.ts';

const image = { height: 40, width: 60 };
// On the first object; 0.8 of it; 0.5 of it; nowhere; across the border, on the third object; 0.4 of the second, twice; nowhere.
const anchors = Float32Array.of(
  ...[
    0, 0, 10, 10, 0, 0, 10, 8, 0, 0, 10, 5, 40, 30, 50, 40, 50, -1, 60, 9, 20, 20, 30, 24, 20, 26, 30, 30, 0, 30, 9, 39,
  ],
);
const truth = { boxes: Float32Array.of(0, 0, 10, 10, 20, 20, 30, 30, 50, 0, 60, 10), labels: [3, 1, 2] };

test('anchors are of objects, background or neither by their overlap, and only inside the image', () => {
  const { labels, objects } = assignAnchors(anchors, truth, image, fasterRcnnAnchors);
  // The two that overlap the second object most are its, though by 0.4 alone; the third object has none inside.
  expect([...labels]).toEqual([1, 1, -1, 0, -1, 1, 1, 0]);
  expect([...objects]).toEqual([0, 0, 0, -1, 2, 1, 1, -1]);
  const none = assignAnchors(anchors, { boxes: new Float32Array(), labels: [] }, image, fasterRcnnAnchors);
  expect([...none.labels]).toEqual([0, 0, 0, 0, -1, 0, 0, 0]);
});

test('no more than half of the drawn ones are of objects; the rest is background, as far as there is some', () => {
  const seen = new Set<number>();
  for (let draw = 0; draw < 40; draw++) {
    const rule = { ...fasterRcnnAnchors, anchors: 3 };
    const { labels, counts, offsets } = sampleAnchors(anchors, truth, image, rule, randomKey(draw));
    const drawn = [...counts.keys()].filter((i) => counts[i] === 1);
    expect(drawn).toHaveLength(3);
    const [own] = drawn.filter((i) => labels[i] === 1);
    expect(labels.filter((label) => label === 1)).toHaveLength(1);
    expect(drawn.filter((i) => i !== own)).toEqual([3, 7]);
    offsets.forEach((value, at) => {
      if (Math.floor(at / 4) !== own) expect(value).toBe(0);
    });
    seen.add(own!);
  }
  expect(seen).toEqual(new Set([0, 1, 5, 6]));
  const all = sampleAnchors(anchors, truth, image, fasterRcnnAnchors, randomKey(1));
  expect([...all.counts]).toEqual([1, 1, 0, 1, 0, 1, 1, 1]);
  // From 0.8 of the first object to it: a tenth down by its 8 pixels of height, a quarter higher.
  expect([...all.offsets.subarray(4, 8)].map((value) => Number(value.toFixed(5)))).toEqual([0, 0.125, 0, 0.22314]);
  expect(sampleAnchors(anchors, truth, image, fasterRcnnAnchors, randomKey(1))).toEqual(all);
});

test('labels and offsets are torchvision’s', () => {
  const { reference, anchors: all, image: size } = proposalReference();
  const objects = { boxes: Float32Array.from(reference.objects), labels: [1, 1, 1, 1] };
  const { labels } = assignAnchors(all, objects, size, fasterRcnnAnchors);
  const inside = new Map(reference.inside.map((anchor, place) => [anchor, reference.labels[place]!]));
  expect([...labels]).toEqual([...labels.keys()].map((anchor) => inside.get(anchor) ?? -1));
  expect(labels.filter((label) => label === 1).length).toBeGreaterThan(3);
  const { offsets } = sampleAnchors(all, objects, size, { ...fasterRcnnAnchors, anchors: 10_000 }, randomKey(1));
  const own = [...labels.keys()].filter((i) => labels[i] === 1);
  own.forEach((anchor, place) =>
    [0, 1, 2, 3].forEach((side) =>
      expect(offsets[4 * anchor + side]).toBeCloseTo(reference.encoded[4 * place + side]!, 4),
    ),
  );
});
