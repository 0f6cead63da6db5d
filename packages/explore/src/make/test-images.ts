import type { Dataset } from '@selfsup/data/dataset';
import { evenlySpaced, requireImages } from '@selfsup/data/subset';
import { UserError } from '@selfsup/kit/errors';
import type { ImageShape } from '@selfsup/models/network';
import type { ImagesData } from '../page-data.ts';

/** Test images of a page with their pixels, `[count, height, width, channels]`. */
export interface TestImages {
  readonly data: ImagesData;
  readonly pixels: Uint8Array;
}

/**
 * Takes `count` images out of the split `test` (or where it has none, `train`), evenly apart; the first of each class come
 * before the second of any. Throws `UserError` where they are not of the size that the networks take.
 */
export function testImages(dataset: Dataset, count: number, input: ImageShape): TestImages {
  const { splits, classes } = dataset.manifest;
  const split = (splits['test']?.count ?? 0) > 0 ? 'test' : 'train';
  requireImages(dataset, split, 'images');
  const all = Uint32Array.from({ length: dataset.count(split) }, (_, i) => i);
  const labels = dataset.labels(split);
  const indices = classesInTurn(evenlySpaced(all, count), labels);
  const size = input.height * input.width * input.channels;
  const pixels = new Uint8Array(indices.length * size);
  indices.forEach((index, at) => {
    const { height, width, channels, pixels: own } = dataset.picture(split, index);
    if (height !== input.height || width !== input.width || channels !== input.channels) {
      throw new UserError(
        `Image ${index} of ${dataset.manifest.name} is ${width} × ${height} with ${channels} channels; the networks take ` +
          `${input.width} × ${input.height} with ${input.channels}`,
        { field: 'data', remedy: 'Name a dataset of the size that they were trained on.' },
      );
    }
    pixels.set(own, at * size);
  });
  return {
    data: {
      ...{ height: input.height, width: input.width, channels: input.channels },
      count: indices.length,
      indices,
      labels: indices.map((index) => labels[index]!),
      classes,
    },
    pixels,
  };
}

/** Many datasets stand class by class, and a page shows few images at first. */
function classesInTurn(indices: Iterable<number>, labels: ArrayLike<number>): number[] {
  const seen = new Map<number, number>();
  const turns = Array.from(indices, (index) => {
    const turn = seen.get(labels[index]!) ?? 0;
    seen.set(labels[index]!, turn + 1);
    return { index, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ index }) => index);
}
