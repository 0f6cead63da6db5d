import { expect, test } from 'vitest';
import { normal, randomKey, uniform } from '@selfsup/kit/random';
import { maxDifference } from '../testing/checks.ts';
import { tf } from '../tensorflow.ts';
import { regionCells, regionMaxPool } from './region-pooling.ts';

const [batch, height, width, channels, stride, size] = [2, 9, 7, 3, 16, 6];
const map = { height, width, stride };

/** Regions of every kind: inside, reaching out, of one cell, larger than the map. */
const regions = Array.from({ length: 40 }, (_, i) => {
  const draw = (place: number, most: number) => most * uniform(randomKey(1, 'region', i), place);
  const [left, top] = [draw(0, 100), draw(1, 130)];
  return { image: i % 2, corners: [left, top, left + draw(2, 90), top + draw(3, 120)] };
});
const corners = regions.flatMap((region) => region.corners);
const images = regions.map(({ image }) => image);
const values = Float32Array.from(
  { length: batch * height * width * channels },
  (_, i) =>
    // Rounded, so that there are many equal ones; some below 0.
    Math.round(2 * normal(randomKey(2), i)) + 0,
);
const maps = tf.tensor4d(values, [batch, height, width, channels]);

/** Caffe's rule anew, bin by bin and channel by channel: value and place of the first greatest. */
function expected() {
  const found: { value: number; at: number | undefined }[] = [];
  for (const { image, corners: given } of regions) {
    const [left, top, right, bottom] = given.map((edge) => Math.round(edge / stride)) as [
      number,
      number,
      number,
      number,
    ];
    const [rows, columns] = [Math.max(bottom - top + 1, 1), Math.max(right - left + 1, 1)];
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++)
        for (let channel = 0; channel < channels; channel++) {
          let best: { value: number; at: number } | undefined;
          for (let y = top + Math.floor((row * rows) / size); y < top + Math.ceil(((row + 1) * rows) / size); y++)
            for (
              let x = left + Math.floor((column * columns) / size);
              x < left + Math.ceil(((column + 1) * columns) / size);
              x++
            ) {
              if (y < 0 || x < 0 || y >= height || x >= width) continue;
              const at = ((image * height + y) * width + x) * channels + channel;
              if (best === undefined || values[at]! > best.value) best = { value: values[at]!, at };
            }
          found.push({ value: best?.value ?? 0, at: best?.at });
        }
  }
  return found;
}

test('is Caffe’s rule: the greatest of each bin, 0 in empty ones', () => {
  const pooled = regionMaxPool(maps, regionCells(corners, images, map, size));
  expect(pooled.shape).toEqual([40, size, size, channels]);
  const wanted = expected();
  expect([...pooled.dataSync()]).toEqual(wanted.map(({ value }) => value));
  expect(wanted.some(({ at }) => at === undefined)).toBe(true);
});

test('the first of equal ones gets the gradient, the same bits each time', () => {
  const cells = regionCells(corners, images, map, size);
  const dy = tf.randomNormal([40, size, size, channels], 0, 1, 'float32', 3);
  const gradient = () =>
    tf.grad((x: tf.Tensor) =>
      regionMaxPool(x as tf.Tensor4D, cells)
        .mul(dy)
        .sum(),
    )(maps);
  const wanted = new Float64Array(values.length);
  const upstream = dy.dataSync();
  expected().forEach(({ at }, i) => at !== undefined && (wanted[at]! += upstream[i]!));
  const found = gradient();
  expect(maxDifference(found, tf.tensor(Float32Array.from(wanted), maps.shape))).toBeLessThan(1e-5);
  for (let i = 0; i < 3; i++) expect(gradient().dataSync()).toEqual(found.dataSync());
});

test('cells are filled up to a multiple, which changes nothing', () => {
  const { cells, bins, regions: count } = regionCells([0, 0, 7, 7], [1], map, 2);
  expect([cells.length, bins.length, count]).toEqual([4096, 4096, 1]);
  // One cell of image 1, in all four bins.
  expect([...cells.subarray(0, 5)]).toEqual([63, 63, 63, 63, 0]);
  expect([...bins.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4]);
});
