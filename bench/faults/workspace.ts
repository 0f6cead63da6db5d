import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkOut, repository } from '../../tests/replay/checkout.ts';
import { addArchive, archive } from './archive.ts';

/** The experiments of the replay: every pretext task for 20 steps, and every evaluation. */
export const experiments = ['replay-pretext', 'replay-evaluations'] as const;

/** A command that takes longer hangs, and is killed. */
export const longestSeconds = 600;

/** A stage of them, or `data/<dataset>`. */
export interface Unit {
  readonly experiment: string;
  readonly stage: string;
}

/** What a command left behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** A checkout of its own in which the commands of the pipeline run, with results at one place. */
export interface Workspace {
  readonly root: string;
  readonly artifacts: string;
  /** What its commands run with. */
  readonly env: NodeJS.ProcessEnv;
  /** `apart` in a PID namespace of its own, as in a container: needs the rights of root. */
  start(command: 'selfsup' | 'nx', args: readonly string[], env?: NodeJS.ProcessEnv, apart?: boolean): ChildProcess;
  run(command: 'selfsup' | 'nx', args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended>;
}

/** The checkout in `<above>/checkout`, made of the files as they are now where it is not there yet. */
export async function checkoutIn(above: string): Promise<string> {
  const root = join(above, 'checkout');
  if (existsSync(join(root, '.git/HEAD'))) return root;
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  checkOut(undefined, root);
  saveOften(root);
  await addArchive(root);
  const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: root });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=faults', '-c', 'user.email=faults@example.org', 'commit', '--quiet', '--message', 'as it was');
  return root;
}

/** The commit of the files here, with `-dirty` where not all is committed. */
export function commitHere(): string {
  const args = ['describe', '--always', '--dirty', '--exclude=*', '--abbrev=7'];
  return execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
}

/**
 * The commit of the checkout in `above`, or of the files as they are now where there is none yet. One of other code stays
 * what is attacked until its folder is removed.
 */
export function attackedCommit(above: string): string {
  const file = join(above, 'commit.txt');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const commit = commitHere();
  mkdirSync(above, { recursive: true });
  writeFileSync(file, commit);
  return commit;
}

/** That checkout with its results, of a run left alone, in `<above>/reference`. Takes some minutes the first time. */
export async function reference(above: string): Promise<Workspace> {
  const root = await checkoutIn(above);
  const workspace = openWorkspace(root, join(above, 'reference'));
  const mark = join(above, 'reference-is-whole');
  if (!existsSync(mark)) {
    for (const command of [...experiments.map((name) => ['run', name]), ['ingest', archive]]) {
      const { code, output } = await workspace.run('selfsup', command);
      if (code !== 0) throw new Error(`${command.join(' ')} ends with ${code}:\n${output}`);
    }
    writeFileSync(mark, '');
  }
  return workspace;
}

/** Adds an experiment to a checkout. */
export function addExperiment(root: string, name: string, experiment: object): void {
  const folder = join(root, 'pipelines/experiments', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'experiment.json'), JSON.stringify({ about: { title: name }, seeds: [1], ...experiment }));
}

/** Has every pretext task that can save save all the time, so that there is something to go on from. */
function saveOften(root: string): void {
  for (const name of experiments) {
    const file = join(root, 'pipelines/experiments', name, 'experiment.json');
    const experiment = JSON.parse(readFileSync(file, 'utf8')) as {
      stages: Record<string, { uses: string; config: Record<string, unknown> }>;
    };
    for (const { uses, config } of Object.values(experiment.stages)) {
      if (uses.startsWith('tasks/') && 'epochs' in config) config['checkpoint'] = { everySeconds: 0.2 };
    }
    writeFileSync(file, JSON.stringify(experiment, null, 2));
  }
}

/** The same checkout with a copy of the reference's results, made anew unless `keep` says that what is there will do. */
export function copyOf(workspace: Workspace, artifacts: string, keep = false): Workspace {
  if (!keep || !existsSync(artifacts)) {
    rmSync(artifacts, { recursive: true, force: true });
    mkdirSync(dirname(artifacts), { recursive: true });
    cpSync(workspace.artifacts, artifacts, { recursive: true, preserveTimestamps: true });
    // They name the folders that were copied.
    rmSync(join(artifacts, 'store/keys'), { recursive: true, force: true });
  }
  return openWorkspace(workspace.root, artifacts);
}

export function openWorkspace(root: string, artifacts: string): Workspace {
  // Of whoever attacks: a remote, a time limit or a cluster would be the product's fault. The engine lies in the cache.
  const isOurs = (name: string): boolean => name === 'SELFSUP_CACHE' || !/^(NX_|SELFSUP_|SLURM_)/.test(name);
  const outside = Object.entries(process.env).filter(([name]) => isOurs(name));
  const own = {
    ...Object.fromEntries(outside),
    FORCE_COLOR: '0',
    NX_DAEMON: 'false',
    NX_CACHE_DIRECTORY: join(artifacts, '.nx-cache'),
    SELFSUP_ARTIFACTS: artifacts,
    SELFSUP_THREADS: '1',
  };
  const start = (
    command: 'selfsup' | 'nx',
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    apart = false,
  ): ChildProcess => {
    const program = command === 'nx' ? 'node_modules/nx/dist/bin/nx.js' : 'pipelines/bin/selfsup.mjs';
    const words = [process.execPath, program, ...args];
    const [first, ...rest] = apart ? ['unshare', '--pid', '--fork', '--mount-proc', ...words] : words;
    const how = { cwd: root, env: { ...own, ...env }, detached: true };
    return spawn(first!, rest, { ...how, stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const run = (...how: Parameters<typeof start>): Promise<Ended> => ended(start(...how));
  return { root, artifacts, env: own, start, run };
}

/** Waits until a process and all that share its output are gone: they are killed after so many seconds. */
export function ended(child: ChildProcess, seconds = longestSeconds): Promise<Ended> {
  const timer = seconds === Infinity ? undefined : setTimeout(() => killGroup(child), seconds * 1000);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output });
    });
  });
}

/** Ends a process and those that it started, as `kill -9` does. */
export function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** The stages of an experiment of the replay, in the order of their needs, with the names of what they need. */
export function stagesOf(workspace: Workspace, experiment: string): { stage: string; uses: string; needs: string[] }[] {
  const file = join(workspace.root, 'pipelines/experiments', experiment, 'experiment.json');
  const { stages } = JSON.parse(readFileSync(file, 'utf8')) as {
    stages: Record<string, { uses: string; needs?: Record<string, string> }>;
  };
  return Object.entries(stages).map(([stage, { uses, needs }]) => ({ stage, uses, needs: Object.values(needs ?? {}) }));
}

/** Where a unit publishes, below the artifacts, and where its work lies. */
export function foldersOf({ experiment, stage }: Unit): { published: string; work: string } {
  const published = experiment === 'data' ? join(stage, 'ingest') : join(experiment, 'base', 'seed-1', stage);
  return { published, work: join('work', published) };
}

/** The command that brings a unit up to date. */
export function commandOf({ experiment, stage }: Unit): string[] {
  return experiment === 'data' ? ['ingest', stage] : ['stage', experiment, stage];
}
