import { expect, test } from 'vitest';
import { checkLayers, type KnownStage } from './check-layers.ts';
import type { Stage } from './stage.ts';

function known(name: string, more: object, needs: Record<string, KnownStage> = {}): KnownStage {
  const stages = Object.fromEntries(Object.entries(needs).map(([role, one]) => [role, one.stage]));
  return {
    stage: { name, folder: name, needs: stages } as unknown as Stage,
    config: {},
    takesAnyLayer: false,
    ...more,
  };
}

const pretrain = known('pretrain', { probePoints: ['conv1', 'conv2'] });
const tuned = known('tuned', { config: { layer: 'conv2' } }, { encoder: pretrain });
const features = known('features', { config: { layers: ['conv2'] } }, { encoder: pretrain });
const silent = known('silent', {});

function check(one: KnownStage): void {
  const all = [pretrain, tuned, features, silent, one];
  checkLayers(one, (stage) => all.find((other) => other.stage === stage), 'experiment.json');
}

test.each([
  [{ layers: ['conv1', 'conv6'] }, { encoder: pretrain }, /'pretrain' has no layer 'conv6'/, 'layers'],
  [{ layer: 'conv6' }, { encoder: pretrain }, /no layer 'conv6'/, 'layer'],
  [{ layer: 'conv2', frozen: 'conv' }, { encoder: pretrain }, /no layer 'conv'/, 'frozen'],
  [{ layer: 'conv3' }, { encoder: tuned }, /'tuned' has no layer 'conv3'/, 'layer'],
  [{ layer: 'conv1' }, { features }, /'features' keeps features of no layer 'conv1'/, 'layer'],
])('%j is refused by file, field and the layers there are', (config, needs, message, field) => {
  expect(() => check(known('probe', { config }, needs))).toThrow(
    expect.objectContaining({
      ...{ message: expect.stringMatching(message), file: 'experiment.json', field: `stages.probe.config.${field}` },
      remedy: expect.stringContaining('conv2'),
    }),
  );
});

test('what is there, or not known, or may be any layer, is let through', () => {
  check(known('probe', { config: { layers: ['conv1', 'conv2'], frozen: 'conv1' } }, { encoder: pretrain }));
  check(known('probe', { config: { layer: 'conv2' } }, { features }));
  check(known('probe', { config: { layer: 'pool5' }, takesAnyLayer: true }, { encoder: pretrain }));
  check(known('probe', { config: { layer: 'pool5' } }, { encoder: silent }));
  check(known('probe', { config: { layer: 'pool5' } }));
});
