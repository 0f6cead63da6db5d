import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compare, differencesIn, publishedBelow } from '../judge.ts';
import { faultsInRemote, recordsIn } from '../remote.ts';
import { commandOf, foldersOf, type Unit } from '../workspace.ts';
import type { Consumer, Means } from './consumer.ts';
import { manifestOf, restore } from './copies.ts';
import { encoder, liveCheckpoints, training } from './places.ts';
import { pullOf } from './pull.ts';
import { exportedTargets, targetsOf, unitOf, type Target } from './targets.ts';

const evaluation = (stage: string): Unit => ({ experiment: 'replay-evaluations', stage });
const dataset: Unit = { experiment: 'data', stage: 'replay' };
/** A stage, and the one after it that reads its blobs. */
const pairs: readonly (readonly [Unit, Unit])[] = [
  [evaluation('features'), evaluation('linear')],
  [evaluation('features'), evaluation('knn')],
  [encoder, evaluation('filters')],
  [dataset, { experiment: 'replay-pretext', stage: 'random' }],
];

/** All commands that read results, a few flips each. */
export function consumersOf({ alone, live, places, scratch, warm, sharing, pushing }: Means): Consumer[] {
  const { artifacts } = live;
  const of = (unit: Unit): Target[] => targetsOf(artifacts, foldersOf(unit).published);
  const isFile = ({ blob }: Target): boolean => blob === undefined;
  const network = foldersOf(encoder).published;
  const ofNetwork = (): Target[] => of(encoder);
  const refusing = (name: string, args: readonly string[], targets: () => Target[]): Consumer => {
    return { name, targets, run: () => warm.run(args), does: 'refuse', flips: 5, units: () => [], replaces: false };
  };
  const published = (): string[] => publishedBelow(alone.artifacts);
  const evaluations = (): Target[] =>
    published()
      .filter((below) => below.startsWith('replay-evaluations'))
      .flatMap((below) => targetsOf(artifacts, below));
  const remove = (...below: string[]): void => {
    for (const one of below) rmSync(join(artifacts, one), { recursive: true, force: true });
  };
  const out = join(scratch, 'out');
  return [
    {
      ...refusing('report', ['report', 'replay-evaluations'], () => evaluations().filter(isFile)),
      ready: () => remove('replay-evaluations/report'),
      made: () => [join(artifacts, 'replay-evaluations/report/index.html')].filter((page) => existsSync(page)),
    },
    { ...refusing('results', ['results'], () => evaluations().filter(isFile)), does: 'name' },
    refusing('export of a network', ['export', network, '--to', out], ofNetwork),
    refusing('embed', ['embed', network, places.pictures, '--to', join(scratch, 'f.npy'), '--force'], ofNetwork),
    refusing('explore', ['explore', network, '--to', join(scratch, 'page.html')], () => [
      ...ofNetwork(),
      ...of(dataset),
    ]),
    refusing('export of a dataset', ['export', 'replay', '--to', out], () => of(dataset)),
    refusing('inspect', ['inspect', 'replay', '--sheet', join(scratch, 'sheet.png')], () => of(dataset)),
    {
      ...refusing('embed with an exported network', [], () =>
        exportedTargets(places.exported).filter(({ path }) => path.endsWith('.safetensors')),
      ),
      run: ({ path }) => warm.run(['embed', path, places.pictures, '--to', join(scratch, 'f.npy'), '--force']),
    },
    refusing('verify of exported files', ['verify', places.exported], () => exportedTargets(places.exported)),
    {
      ...refusing('push', [], () => published().flatMap((below) => targetsOf(artifacts, below))),
      flips: 1,
      ready: () => rmSync(pushing.remote, { recursive: true, force: true }),
      run: ({ below }) => pushing.warm.run(['push', pushedAs(below!)]),
      made: ({ below }) => {
        const { key } = manifestOf(alone, below!);
        return [...recordsIn(pushing.remote).filter((name) => name.includes(key)), ...faultsInRemote(pushing.remote)];
      },
    },
    pullOf({ alone, live, places, sharing }),
    ...pairs.map(([need, next]): Consumer => ({
      name: `stage ${next.stage}, of ${need.stage}`,
      targets: () => of(need),
      ready: () => remove(foldersOf(next).published, 'store/keys'),
      run: () => live.run('selfsup', commandOf(next)),
      does: 'recompute',
      flips: 1,
      units: () => [need, next].map((unit) => foldersOf(unit).published),
      replaces: true,
    })),
    {
      name: 'stage whose own result it is',
      targets: () => published().flatMap((below) => targetsOf(artifacts, below)),
      run: ({ below }) => live.run('selfsup', commandOf(unitOf(below!))),
      does: 'recompute',
      flips: 1,
      units: ({ below }) => [below!],
      replaces: true,
    },
    {
      name: 'training that goes on',
      targets: () => {
        const { published: place, work } = foldersOf(training);
        const folder = join(artifacts, work);
        remove(place, work, 'store/keys');
        cpSync(places.resume, folder, { recursive: true });
        const path = join(folder, liveCheckpoints(folder).at(-1)!);
        return [{ kind: 'resume checkpoints', path, names: [path] }];
      },
      run: () => live.run('selfsup', commandOf(training)),
      does: 'recompute',
      flips: 1,
      units: () => [foldersOf(training).published],
      replaces: true,
    },
  ];
}

/** What a result is pushed with: all of its experiment. */
function pushedAs(below: string): string {
  const { experiment, stage } = unitOf(below);
  return experiment === 'data' ? `data/${stage}` : experiment;
}

/** What is not as it ought to be in the results that a consumer had to leave. */
export function judged({ alone, live }: Means, consumer: Consumer, target: Target): string[] {
  const { lost, wrong } = compare(alone.artifacts, live.artifacts, consumer.units(target));
  const partly = consumer.smallFiles?.(target) ?? [];
  return [...lost, ...wrong, ...partly.flatMap((below) => differencesIn(alone.artifacts, live.artifacts, below))];
}

/** Puts back what a command should have left, so that the next case finds it. */
export function putRight(means: Means, consumer: Consumer, target: Target): void {
  for (const below of consumer.units(target)) restore(means, below);
}
