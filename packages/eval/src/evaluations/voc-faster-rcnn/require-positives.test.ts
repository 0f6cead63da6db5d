import { expect, test } from 'vitest';
import type { Dataset } from '@selfsup/data/dataset';
import { fasterRcnnAnchors } from '../../detection/anchor-sampling.ts';
import { randomDataset } from '../../testing/in-memory.ts';
import { requirePositives } from './require-positives.ts';

// Images of 16 × 16 in which an object takes the left top quarter, brought to 32.
const dataset: Dataset = {
  ...randomDataset('train', 4, 16),
  annotations: () => ({
    boxes: [{ label: 0, left: 0, top: 0, right: 8, bottom: 8, difficult: false, truncated: false }],
  }),
};
const images = { dataset, split: 'train', indices: Uint32Array.of(0, 1), difficult: false };
const look = (...anchors: number[]) => {
  const frames: string[] = [];
  const anchorsOf = ({ height, width }: { height: number; width: number }) => {
    frames.push(`${height} × ${width}`);
    return Float32Array.from(anchors);
  };
  const scales = [16, 32].map((side) => ({ side, most: 100 }));
  requirePositives(images, scales, anchorsOf, fasterRcnnAnchors);
  return frames;
};

test('looks no further than the first image and scale at which an anchor is of an object', () => {
  expect(look(0, 0, 8, 8)).toEqual(['64 × 64']);
  // Inside, and on the object, at the second scale alone.
  expect(look(10, 10, 20, 20)).toEqual(['64 × 64', '64 × 64']);
});

test('refuses anchors that are larger than all images, and those that miss all objects', () => {
  expect(() => look(-1, 0, 40, 40)).toThrow(/No anchor lies inside any training image/);
  expect(() => look(24, 24, 30, 30)).toThrow(/No anchor that lies inside its image overlaps an object/);
});
