import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { datasetStage } from '../declare/dataset-stage.ts';
import type { Experiment } from '../declare/experiment.ts';
import type { Places, Stage } from '../declare/stage.ts';
import { stagesOf } from '../declare/stages.ts';
import { findWorkspace } from '../declare/workspace.ts';
import { stageRemarks } from './stage-remarks.ts';

const root = mkdtempSync(join(tmpdir(), 'remarks-'));
afterAll(() => rmSync(root, { recursive: true }));
const artifacts = { root, stages: join(root, 'stages'), store: root };
const places: Places = { workspace: findWorkspace(), artifacts };

const stages = {
  pretrain: { uses: 'tasks/rotnet', needs: { dataset: 'data/many' }, config: {} },
  features: { uses: 'eval/features', needs: { encoder: 'pretrain', dataset: 'data/few' }, config: {} },
  knn: { uses: 'eval/knn', needs: { features: 'features' }, config: {} },
};
const variants = [{ name: 'base', overrides: {}, set: {}, stages, order: Object.keys(stages) }];
const experiment = { name: 'e', variants, seeds: [1], about: {} } as unknown as Experiment;
const stage = (name: string): Stage => stagesOf(places, experiment).find((one) => one.name === name)!;

function publish({ folder }: Stage, ...kinds: string[]): void {
  mkdirSync(folder, { recursive: true });
  const warnings = kinds.map((kind) => ({ kind, message: `${kind}.` }));
  writeFileSync(join(folder, 'remarks.json'), JSON.stringify({ warnings }));
}

test('a number has the remarks of its stage and of the data that it was measured on, not of other data', () => {
  publish(datasetStage(places, 'many'), 'constant-images', 'class-without-test-images', 'duplicate-names');
  publish(datasetStage(places, 'few'), 'test-equals-training', 'class-without-training-images');
  publish(stage('knn'), 'class-without-test-images');
  const kinds = (name: string) => stageRemarks(stage(name)).map(({ kind }) => kind);
  // Which classes are empty an evaluation says itself, of the images that it took.
  expect(kinds('knn')).toEqual(['class-without-test-images', 'test-equals-training']);
  expect(kinds('features')).toEqual(['test-equals-training']);
  // How a dataset was read is said where it is described.
  expect(kinds('pretrain')).toEqual(['constant-images', 'class-without-test-images']);
});
