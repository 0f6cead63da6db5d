import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOf } from './contents.ts';
import { faultsIn, publishedBelow } from './judge.ts';
import { faultsInRemote, recordsIn } from './remote.ts';
import { commandOf, experiments, foldersOf, stagesOf, type Unit, type Workspace } from './workspace.ts';

/** A command that is killed: what it is for has to be undone before, and looked at meanwhile and afterwards. */
export interface Target {
  readonly name: string;
  readonly command: 'selfsup' | 'nx';
  readonly args: readonly string[];
  /** What it publishes, which a reader looks at meanwhile. */
  readonly units: readonly Unit[];
  readonly env?: NodeJS.ProcessEnv;
  /** Finds out what ought to come of it, by a run left alone; before the first kill. */
  begin?(): Promise<void>;
  undo(): void;
  /** What is wrong in what it makes, whatever moment it is; undefined while there is nothing. */
  watch?(): string[] | undefined;
  /** What is wrong when it has ended by itself. */
  judge?(): string[];
}

/** Every command that publishes something: ingestions, stages by themselves, in `run` and under Nx, and what works on results. */
export function targetsOf(live: Workspace, remote: string): Target[] {
  const at = (...path: string[]): string => join(live.artifacts, ...path);
  const forget = (unit: Unit): void => {
    const { published, work } = foldersOf(unit);
    removeOwnBlobs(live.artifacts, published);
    // With a note that a blob lies in a remote it would not be missed.
    for (const path of [published, work, 'work/.arriving', 'store/keys', 'store/elsewhere'])
      rmSync(at(path), { recursive: true, force: true });
  };
  const stages = experiments.flatMap((experiment) =>
    stagesOf(live, experiment).map(({ stage }) => ({ experiment, stage })),
  );
  const ingestions = readdirSync(join(live.root, 'pipelines/datasets'))
    .filter((name) => existsSync(at(name, 'ingest')))
    .map((stage) => ({ experiment: 'data', stage }));
  const ofUnit = (unit: Unit): Target => ({
    name: `${unit.experiment}/${unit.stage}`,
    command: 'selfsup',
    args: commandOf(unit),
    units: [unit],
    undo: () => forget(unit),
  });
  const started = stages.filter((_, i) => i % 7 === 0);
  return [
    ...[...stages, ...ingestions, ...ingestions].map(ofUnit),
    ...started.map((unit): Target => ({
      ...ofUnit(unit),
      name: `run ${unit.experiment}/${unit.stage}`,
      args: ['run', unit.experiment, '--stage', unit.stage],
    })),
    ...started.map((unit): Target => ({
      ...ofUnit(unit),
      name: `nx ${unit.experiment}/${unit.stage}`,
      command: 'nx',
      args: ['run', `exp-${unit.experiment}:${unit.stage}-seed-1`, '--skip-nx-cache'],
    })),
    ...experiments.flatMap((name) => {
      const own = stages.filter(({ experiment }) => experiment === name);
      const pulled = own.filter((_, i) => i % 5 === 0);
      return [
        ofReport(live, name),
        ofGc(live, name, own),
        ofPush(live, name, `${remote}-of-pushes`),
        {
          ...{ name: `pull ${name}`, command: 'selfsup' as const, args: ['pull', name, '--blobs'] },
          ...{ units: pulled, env: { SELFSUP_REMOTE: remote } },
          undo: () => pulled.forEach(forget),
        },
      ];
    }),
  ];
}

function ofReport(live: Workspace, name: string): Target {
  const page = join(live.artifacts, name, 'report/index.html');
  let expected: string | undefined;
  // Times of the results stand in it, which others may have made again since.
  const watch = (): string[] | undefined => {
    if (!existsSync(page)) return undefined;
    return digestOf(page) === expected ? [] : ['the report is another than that of a run left alone'];
  };
  return {
    ...{ name: `report ${name}`, command: 'selfsup', args: ['report', name], units: [] },
    async begin() {
      await live.run('selfsup', ['report', name]);
      expected = digestOf(page);
    },
    undo: () => rmSync(dirname(page), { recursive: true, force: true }),
    watch,
    judge: () => watch() ?? ['there is no report'],
  };
}

function ofGc(live: Workspace, name: string, units: readonly Unit[]): Target {
  let unnamed: string[] = [];
  return {
    ...{ name: `gc of ${name}`, command: 'selfsup', args: ['gc', '--yes', '--min-age', '0'], units },
    undo: () => (unnamed = unnamedBlobs(live.artifacts)),
    judge: () => [
      ...publishedBelow(live.artifacts).flatMap((below) => faultsIn(live.artifacts, below)),
      ...unnamed.filter((file) => existsSync(file)).map((file) => `gc has left ${file}, which nobody names`),
    ],
  };
}

function ofPush(live: Workspace, name: string, remote: string): Target {
  const env = { SELFSUP_REMOTE: remote };
  const undo = (): void => rmSync(remote, { recursive: true, force: true });
  let expected: string[] = [];
  return {
    ...{ name: `push ${name}`, command: 'selfsup', args: ['push', name], units: [], env },
    async begin() {
      undo();
      await live.run('selfsup', ['push', name], env);
      expected = recordsIn(remote);
    },
    undo,
    watch: () => (existsSync(remote) ? faultsInRemote(remote) : undefined),
    judge: () => {
      const there = recordsIn(remote);
      const missing = expected.filter((record) => !there.includes(record)).map((record) => `${record} was not pushed`);
      return [...faultsInRemote(remote), ...(expected.length === 0 ? ['nothing is pushed'] : missing)];
    },
  };
}

/** Removes the blobs that only this result names, so that they have to be stored again. */
function removeOwnBlobs(artifacts: string, below: string): void {
  const named = (place: string): string[] => {
    const file = join(artifacts, place, 'manifest.json');
    if (!existsSync(file)) return [];
    const { blobs } = JSON.parse(readFileSync(file, 'utf8')) as { blobs: Record<string, { sha256: string }> };
    return Object.values(blobs).map(({ sha256 }) => sha256);
  };
  const others = new Set(
    publishedBelow(artifacts)
      .filter((place) => place !== below)
      .flatMap(named),
  );
  for (const digest of named(below).filter((one) => !others.has(one))) {
    for (const path of ['sha256', 'verified']) {
      const file = join(artifacts, 'store', path, digest.slice(0, 2), path === 'verified' ? `${digest}.json` : digest);
      rmSync(file, { recursive: true, force: true });
    }
  }
}

/** Puts blobs there that nobody names. */
function unnamedBlobs(artifacts: string): string[] {
  return Array.from({ length: 30 }, () => {
    const digest = randomBytes(32).toString('hex');
    const file = join(artifacts, 'store/sha256', digest.slice(0, 2), digest);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, digest);
    return file;
  });
}
