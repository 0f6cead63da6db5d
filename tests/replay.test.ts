import { expect, test } from 'vitest';
import { differences } from './replay/differences.ts';
import type { ReplayRecord } from './replay/record.ts';
import { unusedParts } from './replay/unused-parts.ts';

const record = (place: string, digest: string, top1: number): ReplayRecord => ({
  place,
  stages: { 'replay/base/seed-1/knn': { digests: { 'file a': digest }, metrics: { 'knn/top1': top1 } } },
});

test('every task, evaluation and network is in the replay', async () => {
  expect(await unusedParts()).toEqual([]);
}, 60_000);

test('a replay names the stage and the digest that differ', () => {
  expect(differences(record('here', 'aa', 50), record('here', 'aa', 50))).toEqual([]);
  expect(differences(record('here', 'aa', 50), record('here', 'bb', 50.0001))).toEqual([
    'replay/base/seed-1/knn: file a aa -> bb',
    'replay/base/seed-1/knn: metric knn/top1 50 -> 50.0001',
  ]);
  expect(differences(record('here', 'aa', 50), { place: 'here', stages: {} })).toEqual([
    'replay/base/seed-1/knn: is missing',
  ]);
});

test('records of two machines are compared by their numbers', () => {
  expect(differences(record('here', 'aa', 50), record('there', 'bb', 50.004))).toEqual([]);
  expect(differences(record('here', 'aa', 50), record('there', 'bb', 50.006))).toEqual([
    'replay/base/seed-1/knn: metric knn/top1 50 -> 50.006',
  ]);
});
