import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { archive } from '../archive.ts';
import { compare, publishedBelow } from '../judge.ts';
import type { Warm } from '../warm.ts';
import { commandOf, foldersOf, type Ended, type Unit, type Workspace } from '../workspace.ts';
import { encoder, liveCheckpoints, training, type Places } from './places.ts';
import { exportedTargets, remoteTargets, targetsOf, unitOf, type Target } from './targets.ts';

/** A command that reads what was flipped. */
export interface Consumer {
  readonly name: string;
  /** Files of which one is flipped. */
  targets(): Target[];
  /** Brings about that the command reads the target; before the flip. */
  ready?(target: Target): void;
  run(target: Target): Promise<Ended>;
  /** Refuses: it ends with 1, or names it on the side and goes on without. Recomputes: it ends well, with these results. */
  readonly does: 'refuse' | 'name' | 'recompute';
  /** How often a case flips for it; of those that recompute a case takes one. */
  readonly flips: number;
  /** Published folders that have to be as in a run left alone, once the command has ended and the byte was put back. */
  units(target: Target): string[];
  /** Whether the command has replaced the flipped file. */
  readonly replaces: boolean;
  /** Puts back what `ready` took away and the command did not bring. */
  after?(target: Target): void;
}

/** What consumers are run with. `sharing` has the remote of the places. */
export interface Means {
  readonly alone: Workspace;
  readonly live: Workspace;
  readonly places: Places;
  readonly scratch: string;
  readonly warm: Warm;
  readonly sharing: Warm;
  readonly pushing: { readonly warm: Warm; readonly remote: string };
}

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
  /** The results whose record this is, or stands in. */
  const recordedWith = ({ path }: Target): string[] =>
    published().filter((below) => {
      const { key } = manifestOf(alone, below);
      const record = join(places.remote, 'results', key.slice(0, 2), `${key}.json`);
      return record === path || readFileSync(record, 'latin1').includes(basename(path));
    });
  const out = join(scratch, 'out');
  return [
    refusing('report', ['report', 'replay-evaluations'], () => evaluations().filter(isFile)),
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
    },
    {
      name: 'pull',
      targets: () => remoteTargets(places.remote),
      ready: (target) => remove('store/keys', ...recordedWith(target).flatMap((below) => placesOf(alone, below))),
      run: (target) => sharing.run(['pull', '--blobs', ...askedByName(recordedWith(target))]),
      does: 'name',
      flips: 1,
      // What could be taken is what was pushed.
      units: (target) =>
        recordedWith(target).filter((below) => placesOf(alone, below).every((one) => existsSync(join(artifacts, one)))),
      replaces: false,
      after: (target) => {
        for (const below of recordedWith(target)) restore({ alone, live }, below);
        // That a blob lies in the remote would count elsewhere.
        remove('store/elsewhere');
      },
    },
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

/** The dataset that no experiment asks for is pulled by its name, all else without any. */
function askedByName(results: readonly string[]): string[] {
  const own = foldersOf({ experiment: 'data', stage: archive }).published;
  return results.includes(own) ? [pushedAs(own)] : [];
}

/** What a result is pushed with: all of its experiment. */
function pushedAs(below: string): string {
  const { experiment, stage } = unitOf(below);
  return experiment === 'data' ? `data/${stage}` : experiment;
}

/** What is not as it ought to be in the results that a consumer had to leave. */
export function judged({ alone, live }: Means, consumer: Consumer, target: Target): string[] {
  const { lost, wrong } = compare(alone.artifacts, live.artifacts, consumer.units(target));
  return [...lost, ...wrong];
}

/** Puts back what a command should have left, so that the next case finds it. */
export function putRight(means: Means, consumer: Consumer, target: Target): void {
  for (const below of consumer.units(target)) restore(means, below);
}

/** Puts back a result of the run left alone, with its blobs. */
function restore({ alone, live }: Pick<Means, 'alone' | 'live'>, result: string): void {
  for (const below of placesOf(alone, result)) {
    rmSync(join(live.artifacts, below), { recursive: true, force: true });
    cpSync(join(alone.artifacts, below), join(live.artifacts, below), { recursive: true, preserveTimestamps: true });
  }
}

/** The folder of a result, its blobs and what is remembered of them, below the artifacts. */
function placesOf(alone: Workspace, below: string): string[] {
  const blobs = Object.values(manifestOf(alone, below).blobs).flatMap(({ sha256 }) => {
    const name = join(sha256.slice(0, 2), sha256);
    return [join('store/sha256', name), join('store/verified', `${name}.json`)];
  });
  return [below, ...blobs];
}

interface Named {
  readonly key: string;
  readonly blobs: Readonly<Record<string, { readonly sha256: string }>>;
}

function manifestOf({ artifacts }: Workspace, below: string): Named {
  return JSON.parse(readFileSync(join(artifacts, below, 'manifest.json'), 'utf8')) as Named;
}
