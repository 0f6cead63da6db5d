import { expect, test } from 'vitest';
import { expandVariants, type StageDeclaration } from './expand.mjs';
import type { Experiment } from './experiment.ts';
import { exploreStage } from './explore-stage.ts';
import { findWorkspace } from './workspace.ts';

const stages = {
  generate: { uses: 'tasks/transform-generator', needs: { dataset: 'data/mono' }, config: {} },
  pretrain: { uses: 'tasks/aet', needs: { dataset: 'data/mono', generator: 'generate' }, config: {} },
  features: { uses: 'eval/features', needs: { encoder: 'pretrain', dataset: 'data/cifar10' }, config: {} },
};

const needsOf = (
  declared: Readonly<Record<string, StageDeclaration>>,
  variants?: Readonly<Record<string, object>>,
  explore: object = {},
): Record<string, string> | undefined => {
  const experiment = {
    ...{ name: 'toy', file: 'experiment.json', seeds: [3, 4], about: { title: 'Toy' }, explore },
    variants: expandVariants({ stages: declared, ...(variants && { variants }) } as never).map((one) => ({
      ...one,
      set: {},
    })),
  };
  const places = { workspace: findWorkspace(), artifacts: { root: '/a', stages: '/a', store: '/a/store' } };
  const stage = exploreStage(places, experiment as unknown as Experiment);
  return stage && Object.fromEntries(Object.entries(stage.needs).map(([role, need]) => [role, need.folder]));
};

test('a page has the networks that no other training builds on, and test images of what is measured on', () => {
  expect(needsOf(stages)).toEqual({
    dataset: '/a/cifar10/ingest',
    'network aet': '/a/toy/base/seed-3/pretrain',
    'data of aet': '/a/mono/ingest',
  });
});

test('it has those of all variants, by their names', () => {
  const alone = { pretrain: { uses: 'tasks/rotnet', needs: { dataset: 'data/mono' }, config: {} } };
  expect(needsOf(alone, { rotnet: {}, random: { 'pretrain.uses': 'tasks/random' } })).toEqual({
    dataset: '/a/mono/ingest',
    'network rotnet': '/a/toy/rotnet/seed-3/pretrain',
    'data of rotnet': '/a/mono/ingest',
    'network random': '/a/toy/random/seed-3/pretrain',
    'data of random': '/a/mono/ingest',
  });
});

test('it has the linear probes of each network, on whatever features, and no other classifiers', () => {
  const needs = { features: 'features' };
  const probed = {
    ...stages,
    linear: { uses: 'eval/linear-probe', needs, config: {} },
    conv: { uses: 'eval/classifier', needs, config: {} },
    live: { uses: 'eval/augmented-probe', needs: { encoder: 'pretrain' }, config: { head: 'linear' } },
    other: { uses: 'eval/augmented-probe', needs: { encoder: 'pretrain' }, config: { head: 'fc2' } },
  };
  expect(Object.keys(needsOf(probed)!).filter((role) => role.startsWith('probe'))).toEqual([
    'probe of aet: linear',
    'probe of aet: live',
  ]);
});

test('none is made where none is declared, and none can be without a network', () => {
  expect(exploreStage({} as never, { explore: undefined } as Experiment)).toBeUndefined();
  const { features } = stages;
  expect(() => needsOf({ features: { ...features, needs: { dataset: 'data/cifar10' } } })).toThrow(
    expect.objectContaining({ field: 'explore', file: 'experiment.json' }),
  );
});
