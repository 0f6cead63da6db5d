import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { areaOf, moved, offsetsBetween, overlap, suppressed } from './boxes.ts';

/** See bench/oracles/detection_reference.py. */
interface Reference {
  readonly boxes: number[];
  readonly scores: number[];
  readonly overlaps: number[];
  readonly kept: Record<string, number[]>;
  readonly regions: number[];
  readonly objects: number[];
  readonly encoded: number[];
  readonly offsets: number[];
  readonly image: { height: number; width: number };
  readonly decoded: number[];
}
const reference = JSON.parse(readFileSync(new URL('boxes.reference.json', import.meta.url), 'utf8')) as Reference;
const boxes = Float32Array.from(reference.boxes);
const regions = Float32Array.from(reference.regions);

test('overlaps are torchvision’s', () => {
  reference.overlaps.forEach((value, at) =>
    expect(overlap(boxes, Math.floor(at / 8), boxes, 8 + (at % 8))).toBeCloseTo(value, 5),
  );
  expect(areaOf(Float32Array.of(1, 2, 4, 7), 0)).toBe(15);
});

test.each(Object.entries(reference.kept))(
  'suppression above %s keeps what torchvision keeps, in its order',
  (most, kept) => {
    expect(suppressed(boxes, reference.scores, Number(most))).toEqual(kept);
  },
);

test('of equal scores the lower index is kept; an overlap that is just allowed suppresses nothing', () => {
  const pair = Float32Array.of(0, 0, 10, 10, 0, 0, 10, 5);
  expect(suppressed(pair, [1, 1], 0.4)).toEqual([0]);
  expect(suppressed(pair, [1, 1], 0.5)).toEqual([0, 1]);
});

test('offsets and the boxes that they make are torchvision’s', () => {
  const objects = Float32Array.from(reference.objects);
  const encoded = Array.from({ length: 12 }, (_, i) => offsetsBetween(regions, i, objects, i)).flat();
  reference.encoded.forEach((value, at) => expect(encoded[at]).toBeCloseTo(value, 4));
  const decoded = moved(regions, reference.offsets, reference.image);
  reference.decoded.forEach((value, at) => expect(decoded[at]).toBeCloseTo(value, 2));
  const back = moved(regions, encoded, { height: 1000, width: 1000 });
  objects.forEach((value, at) => expect(back[at]).toBeCloseTo(value, 3));
});
