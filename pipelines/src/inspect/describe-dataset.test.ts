import { expect, test } from 'vitest';
import type { Dataset } from '@selfsup/data/dataset';
import { describeDataset } from './describe-dataset.ts';

const range = { least: 8, mean: 8, greatest: 8 };
const manifest = {
  name: 'sea',
  source: { chosen: 'A folder of images' },
  image: { encoding: 'raw', height: 8, width: 8, channels: 3 },
  classes: ['ice', 'sea'],
  splits: { test: { count: 2, classCounts: [0, 2] }, train: { count: 5, classCounts: [3, 2] } },
  sizes: { height: range, width: range, bytes: 1000 },
  statistics: { mean: [1, 2, 3], std: [1, 2, 3] },
  quarantine: [{ path: 'train/two\nlines.jpg', reason: 'is cut off' }],
  digest: 'd',
};
const dataset = { manifest, annotations: () => ({}), hasMask: () => false } as unknown as Dataset;

test('says how folders were read, what was passed over, what to beware of, and the classes of each split', () => {
  const reading = {
    layout: 'splits test (seg_test), train (seg_train); classes by folder',
    turned: 1200,
    passedOver: [{ reason: 'no picture that is read', ending: '.heic', count: 3, example: 'train/rock/8.heic' }],
  };
  const warnings = [{ kind: 'class-without-test-images', message: 'The class ice has no image in test.' } as const];
  const text = describeDataset(dataset, { reading, warnings, all: false, columns: 60 }).join('\n');
  expect(text).toContain('Beware\n  The class ice has no image in test.\n');
  expect(text).toContain('Folders read as\n  splits test (seg_test), train (seg_train); classes by folder\n');
  expect(text).toMatch(/EXIF orientation\n {2}1.200 pictures\n/);
  expect(text).toContain('Passed over\n  3 files .heic: no picture that is read, such as train/rock/8.heic\n');
  expect(text).toMatch(/Classes of test\n {2}sea +2 █+\n {2}ice +0\nClasses of train\n {2}ice +3 █+\n {2}sea +2 █+\n/);
  expect(text).toContain('Left out\n  train/two\\nlines.jpg: is cut off\n');
});

test('says nothing of folders where none were read', () => {
  expect(describeDataset(dataset, { all: false, columns: 60 }).join('\n')).not.toMatch(
    /Beware|Folders|EXIF|Passed over/,
  );
});

test('counts boxes and masks, and objects by class', () => {
  const box = (label: number, difficult: boolean) => ({ label, difficult, truncated: false });
  const boxes: Record<number, object[]> = { 0: [box(1, false), box(1, true)], 1: [box(0, false)], 3: [box(1, false)] };
  const annotated = {
    manifest: { ...manifest, splits: { train: { count: 5, classCounts: [0, 0] } } },
    annotations: (_: string, i: number) => ({ boxes: boxes[i] ?? [] }),
    hasMask: (_: string, i: number) => i < 2,
  } as unknown as Dataset;
  const text = describeDataset(annotated, { all: false, columns: 60 }).join('\n');
  expect(text).toContain(
    [
      'Annotations',
      '  train: 2 masks',
      '  train: 4 boxes, 1 difficult, 0 truncated',
      '    ice       1 in 1 images',
      '    sea       3 in 2 images, 1 difficult',
      'Channels',
    ].join('\n'),
  );
});
