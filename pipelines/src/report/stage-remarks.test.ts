import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { publishedFolder, type UnitId } from '../store/artifacts.ts';
import type { VariantPlan } from '../declare/expand.mjs';
import type { Session } from '../run/session.ts';
import { stageRemarks } from './stage-remarks.ts';

const root = mkdtempSync(join(tmpdir(), 'remarks-'));
afterAll(() => rmSync(root, { recursive: true }));
const session = { artifacts: { root, stages: join(root, 'stages') } } as unknown as Session;

const id = (stage: string) => ({ kind: 'stage', experiment: 'e', variant: 'base', seed: 1, stage }) as const;
const stages = {
  pretrain: { uses: 'tasks/rotnet', needs: { dataset: 'data/many' }, config: {} },
  features: { uses: 'eval/features', needs: { encoder: 'pretrain', dataset: 'data/few' }, config: {} },
  knn: { uses: 'eval/knn', needs: { features: 'features' }, config: {} },
};
const variant: VariantPlan = { name: 'base', overrides: {}, stages, order: Object.keys(stages) };

function publish(unit: UnitId, ...kinds: string[]): void {
  const folder = publishedFolder(session.artifacts, unit);
  mkdirSync(folder, { recursive: true });
  const warnings = kinds.map((kind) => ({ kind, message: `${kind}.` }));
  writeFileSync(join(folder, 'remarks.json'), JSON.stringify({ warnings }));
}

test('a number has the remarks of its stage and of the data that it was measured on, not of other data', () => {
  publish({ kind: 'ingest', dataset: 'many' }, 'constant-images', 'class-without-test-images', 'duplicate-names');
  publish({ kind: 'ingest', dataset: 'few' }, 'test-equals-training', 'class-without-training-images');
  publish(id('knn'), 'class-without-test-images');
  const kinds = (stage: string) => stageRemarks(session, variant, id(stage)).map(({ kind }) => kind);
  // Which classes are empty an evaluation says itself, of the images that it took.
  expect(kinds('knn')).toEqual(['class-without-test-images', 'test-equals-training']);
  expect(kinds('features')).toEqual(['test-equals-training']);
  // How a dataset was read is said where it is described.
  expect(kinds('pretrain')).toEqual(['constant-images', 'class-without-test-images']);
});
