import { expect, test } from 'vitest';
import { proposalReference } from '../testing/proposal-reference.ts';
import { proposedRegions } from './proposed-regions.ts';

const { anchors, image, reference } = proposalReference();
const given = { scores: Float32Array.from(reference.scores), offsets: Float32Array.from(reference.offsets) };

test.each(reference.proposed)(
  'of $before anchors at most $after regions are left, those that torchvision leaves',
  ({ leastSide, boxes, ...rule }) => {
    const found = proposedRegions(anchors, given, { ...image, leastSide }, rule);
    expect(found).toHaveLength(boxes.length);
    boxes.forEach((edge, at) => expect(found[at]).toBeCloseTo(edge, 2));
  },
);

test('small ones are dropped before the best are taken; equal scores keep their order; none may be left', () => {
  const squares = Float32Array.of(0, 0, 3, 9, 0, 0, 9, 9, 20, 0, 29, 9, 40, 0, 49, 9);
  const scores = { scores: Float32Array.of(9, 1, 1, 0), offsets: new Float32Array(16) };
  const rule = { before: 2, after: 2, overlap: 0.7 };
  const size = { height: 50, width: 50, leastSide: 4 };
  expect([...proposedRegions(squares, scores, size, rule)]).toEqual([0, 0, 9, 9, 20, 0, 29, 9]);
  const without = { ...scores, scores: Float32Array.of(9, -Infinity, 1, 0) };
  expect([...proposedRegions(squares, without, size, rule)]).toEqual([20, 0, 29, 9, 40, 0, 49, 9]);
  expect([...proposedRegions(squares, scores, { ...size, leastSide: 10 }, rule)]).toEqual([]);
  // Clipped to 4 pixels of height, all of them are small.
  expect([...proposedRegions(squares, scores, { ...size, height: 3 }, rule)]).toEqual([]);
});
