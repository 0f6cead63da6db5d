import { expect, test } from 'vitest';
import { z } from 'zod';
import { publishedEntrySchema, resolvePublished } from './entry.ts';

test('cells of a row stand beside our metrics, error rates as accuracies', async () => {
  const entry = { row: 'aet-cifar10/rotnet-conv', metrics: { error: 'conv/rotnet/conv2/top1-best' }, comparable: true };
  const numbers = await resolvePublished({ ...entry, note: 'best test epoch' }, ['shapes', 'cifar10']);
  expect(numbers).toEqual([
    {
      metric: 'conv/rotnet/conv2/top1-best',
      value: 91.16, // 100 - 8.84
      unit: '%',
      method: 'RotNet + conv [10]',
      table: 'aet-cifar10/error',
      row: 'rotnet-conv',
      remark: 'best test epoch',
      protocol: expect.stringContaining('frozen features of the second block') as string,
      source: expect.stringMatching(/^RotNet \+ conv \[10\]: AET paper.*\(error 8\.84 %\)$/) as string,
      comparable: true,
      note: 'best test epoch',
    },
  ]);
});

test('the note of a row and that of the entry are both kept; comparable only where it is said', async () => {
  const entry = { row: 'aet-cifar10/aet-affine-fc', metrics: { error: 'fc2/aet/conv2/top1' } };
  const [number] = await resolvePublished({ ...entry, note: 'the last epoch here' }, ['shapes']);
  expect(number).toMatchObject({ value: 90.23, comparable: false, note: 'a head of two layers; the last epoch here' });
});

test('a mean of average precisions stands beside ours by either rule of PASCAL', async () => {
  const entry = { row: 'voc-detection/rotnet', metrics: { map: 'detection/rotnet/conv5/map-11' }, comparable: true };
  expect(await resolvePublished(entry, ['voc2007-trainval'])).toMatchObject([
    { value: 54.4, unit: '%', comparable: true },
  ]);
});

test('a number of no table is taken as it is', async () => {
  const own = { metric: 'pretext/generator-encoder', value: 10.01, source: 'a README' };
  expect(await resolvePublished(own, [])).toEqual([{ ...own, protocol: '', comparable: false }]);
});

test.each([
  ['nothing/a', 'conv4', 'linear/zhang/conv4/top1', /no published table 'nothing'/],
  ['aet-imagenet/simclr', 'conv4', 'linear/zhang/conv4/top1', /no row 'simclr'/],
  ['aet-imagenet/rotnet', 'conv1', 'linear/zhang/conv1/top1', /no column 'conv1'/],
  ['mmselfsup-r50-voc-svm/rotnet-70-epochs', 'all', 'svm/cost1/res5/top1', /gives average-precision/],
  ['aet-imagenet/rotnet', 'conv4', 'svm/cost1/conv4/map', /gives accuracy/],
  ['voc-segmentation/rotnet', 'mean-iu', 'segmentation/fcn/stride-32/map', /gives mean-iu/],
  ['voc-detection/rotnet', 'map', 'segmentation/fcn/stride-32/mean-iu', /gives average-precision/],
])('%s at %s beside %s is refused', async (row, column, metric, message) => {
  await expect(resolvePublished({ row, metrics: { [column]: metric } }, ['imagenet'])).rejects.toThrow(message);
});

test('a linear probe is not called comparable with retrained layers, nor the other way round', async () => {
  const imagenet = ['imagenet'];
  const linear = { conv4: 'linear/rotnet/conv4/top1' };
  await expect(
    resolvePublished({ row: 'aet-imagenet/rotnet', metrics: linear, comparable: true }, imagenet),
  ).rejects.toThrow("aet-imagenet/rotnet is non-linear, 'linear/rotnet/conv4/top1' is linear");
  const retrained = { conv4: 'retrain/aet/conv4/top1' };
  expect(
    await resolvePublished({ row: 'aet-imagenet/rotnet', metrics: retrained, comparable: true }, imagenet),
  ).toHaveLength(1);
  const row = 'single-image-linear/j';
  await expect(resolvePublished({ row, metrics: retrained, comparable: true }, imagenet)).rejects.toThrow(/is linear/);
  expect(await resolvePublished({ row, metrics: linear, comparable: true }, imagenet)).toHaveLength(1);
});

test('numbers of other data are not called comparable', async () => {
  const entry = { row: 'single-image-linear/j', metrics: { conv3: 'linear/asano/conv3/top1' } };
  await expect(resolvePublished({ ...entry, comparable: true }, ['cifar10'])).rejects.toThrow(
    'single-image-linear/j is of imagenet, ours of cifar10: they are not comparable',
  );
  expect(await resolvePublished(entry, ['cifar10'])).toMatchObject([{ value: 38.7, comparable: false }]);
});

test('an entry is a row with metrics or a number with its source, never a mixture', () => {
  const schema = publishedEntrySchema({ variant: z.string().optional() });
  const number = { metric: 'pretext/loss', value: 1, source: 'here' };
  const row = { row: 'aet-cifar10/rotnet-conv', metrics: { error: 'conv/rotnet/conv2/top1' }, variant: 'rotnet' };
  expect(schema.safeParse(number).success).toBe(true);
  expect(schema.safeParse(row).success).toBe(true);
  for (const wrong of [
    { ...row, value: 91.16 },
    { ...number, row: row.row },
    { ...row, entry: 'RotNet' },
    { ...row, row: 'aet-cifar10' },
    { metric: 'pretext/loss', value: 1 },
  ])
    expect(schema.safeParse(wrong).success).toBe(false);
});
