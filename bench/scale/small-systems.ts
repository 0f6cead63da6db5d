import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkOut } from '../../tests/replay/checkout.ts';

/** Stages of the experiment that `checkOutSystems` makes, in the order of their needs. */
export const systems = [
  'rotnet',
  'jigsaw',
  'deepcluster',
  'bigan',
  'aed',
  'aet-projective',
  'generator',
  'aet-generated',
  'single-image',
] as const;
export type System = (typeof systems)[number];

export const experimentName = 'together';
/** How many processes can share them at most. */
const mostProcesses = 4;

interface Experiment {
  readonly stages: Record<string, { readonly needs: Record<string, string>; config: Record<string, unknown> }>;
}

/**
 * Checks the files out as they are now, to a folder that is not there, with an experiment of a small training of each system, whose
 * batches four processes can share and which saves all the time.
 */
export function checkOutSystems(root: string): void {
  mkdirSync(root, { recursive: true });
  checkOut(undefined, root);
  const at = (...path: string[]): string => join(root, 'pipelines', ...path);
  const { stages } = JSON.parse(readFileSync(at('experiments/replay-pretext/experiment.json'), 'utf8')) as Experiment;
  const data = 'single-image-together';
  const ofOneImage = {
    ...stages['rotnet']!,
    needs: { dataset: `data/${data}` },
    config: { ...stages['rotnet']!.config, data: { augment: { flip: true }, testSplit: 'train' } },
  };
  const all: Experiment['stages'] = { ...stages, 'single-image': ofOneImage };
  const often = { replicas: mostProcesses, epochs: 6, checkpoint: { everySeconds: 0.1 } };
  const chosen = systems.map((name) => [name, { ...all[name]!, config: { ...all[name]!.config, ...often } }] as const);
  writeJson(at('experiments', experimentName, 'experiment.json'), {
    about: { title: 'A small training of each system' },
    seeds: [1],
    stages: Object.fromEntries(chosen),
  });
  writeJson(at('datasets', data, 'dataset.json'), {
    about: { title: 'One picture' },
    sources: [{ type: 'single-image', count: 160, size: 32 }],
  });
  const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: root });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=scale', '-c', 'user.email=scale@example.org', 'commit', '--quiet', '--message', 'as it was');
}

function writeJson(file: string, content: object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(content, null, 2));
}
