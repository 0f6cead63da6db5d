import { expect, test } from 'vitest';
import type { Stage } from '../declare/stage.ts';
import { arraysOf } from './arrays.ts';

const data = stage('ingest', 'data', 0, {}, 'dataset');

/** A stage in the row `<row>`, declared by its name and `setting`. */
function stage(name: string, row: string, setting: unknown, needs: Record<string, Stage>, kind = 'evaluation'): Stage {
  const isData = kind === 'dataset';
  const folder = `/artifacts/${row}/${name}`;
  const made = {
    name: isData ? row : name,
    ref: isData ? `data/${row}` : name,
    label: `${row}: ${name}`,
    kind,
    folder,
  };
  return { ...made, uses: name, declared: { setting }, seed: 1, dryRun: false, needs } as unknown as Stage;
}

/** Pretraining, features and a probe in one row. */
function row(name: string, settings: { pretrain: unknown; linear?: unknown }): Stage[] {
  const pretrain = stage('pretrain', name, settings.pretrain, { dataset: data });
  const features = stage('features', name, 0, { encoder: pretrain, dataset: data });
  const probe = settings.linear === undefined ? [] : [stage('linear', name, settings.linear, { features })];
  return [pretrain, features, ...probe];
}

/** Each array in a line. */
const lines = (stages: readonly Stage[], all?: readonly Stage[]): string[] =>
  arraysOf(stages, all).map(
    ({ name, isArray, indices, after }) =>
      `${name}${isArray ? `[${indices}]` : ''} ${after.map(({ kind, array }) => `${kind}:${array}`).join(',')}`,
  );

test('one array a stage over variants and seeds, with the same numbers in all', () => {
  const all = ['a', 'b', 'c'].flatMap((name) => row(name, { pretrain: name, linear: 0 }));
  expect(lines([data, ...all])).toEqual([
    'data-data ',
    'pretrain[0,1,2] afterok:data-data',
    'features[0,1,2] aftercorr:pretrain,afterok:data-data',
    'linear[0,1,2] aftercorr:features',
  ]);
});

test('a stage of some variants alone waits for its own numbers, and so where some of what they need is done', () => {
  const all = [...row('a', { pretrain: 1 }), ...row('b', { pretrain: 2, linear: 0 })];
  expect(lines(all)).toEqual(['pretrain[0,1] ', 'features[0,1] aftercorr:pretrain', 'linear[1] aftercorr:features']);
  const left = all.filter(({ label }) => label !== 'a: pretrain');
  expect(lines(left, all)).toEqual([
    'features[0] ',
    'pretrain[1] ',
    'features-2[1] aftercorr:pretrain',
    'linear[1] aftercorr:features-2',
  ]);
});

test('what will have the same key comes after the first of them, in an array of its own', () => {
  const all = ['a', 'b', 'c'].flatMap((name) => row(name, { pretrain: 1, linear: name }));
  expect(lines(all)).toEqual([
    'pretrain[0] ',
    'features[0] aftercorr:pretrain',
    'pretrain-2[1,2] afterok:pretrain',
    'linear[0] aftercorr:features',
    'features-2[1,2] aftercorr:pretrain-2,afterok:features',
    'linear-2[1,2] aftercorr:features-2',
  ]);
});

test('what is done is left out, and the numbers stay', () => {
  const all = [...row('a', { pretrain: 1, linear: 0 }), ...row('b', { pretrain: 2, linear: 0 })];
  const left = all.filter(({ label }) => !['a: pretrain', 'a: features', 'a: linear'].includes(label));
  expect(lines(left, all)).toEqual(['pretrain[1] ', 'features[1] aftercorr:pretrain', 'linear[1] aftercorr:features']);
  const end = all.filter(({ name }) => name === 'linear');
  expect(lines(end, all)).toEqual(['linear[0,1] ']);
});

test('stages of two experiments that need each other the other way round make no circle', () => {
  const first = stage('one', 'a', 0, {});
  const second = stage('two', 'b', 1, {});
  const stages = [first, stage('two', 'a', 2, { encoder: first }), second, stage('one', 'b', 3, { encoder: second })];
  expect(lines(stages)).toEqual(['one[0] ', 'two[1] ', 'two-2[0] aftercorr:one', 'one-2[1] aftercorr:two']);
});

test('a stage that is called as the report is has an array of another name', () => {
  expect(lines([stage('report', 'a', 0, {})])).toEqual(['report-2[0] ']);
});
