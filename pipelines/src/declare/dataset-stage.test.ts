import { expect, test } from 'vitest';
import { refuseDamaged } from './dataset-stage.ts';

const left = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ path: `train: ${i}.jpg`, reason: 'cut off' }));
const contents = (images: number, damaged: number) => ({
  splits: { train: { count: images - damaged, classCounts: [] } },
  quarantine: left(damaged),
});

test('a finished dataset is refused where more was left out of it than is allowed by now', () => {
  expect(() => refuseDamaged(contents(100, 1), {}, 'dataset.json')).not.toThrow();
  expect(() => refuseDamaged(contents(100, 3), { quarantine: { atMost: 0.03 } }, 'dataset.json')).not.toThrow();
  expect(() => refuseDamaged(contents(100, 2), {}, 'dataset.json')).toThrow('2 of 100 images were damaged');
  expect(() => refuseDamaged(contents(100, 3), { quarantine: { atMost: 0.02 } }, 'dataset.json')).toThrow(
    expect.objectContaining({ field: 'quarantine.atMost', file: 'dataset.json' }),
  );
});
