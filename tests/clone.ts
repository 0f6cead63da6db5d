import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkPackages } from './linked-packages.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** What a finished command left. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** A copy of this checkout with its own git history, artifacts and Nx cache; packages from npm are shared. */
export class Clone {
  readonly root = mkdtempSync(join(tmpdir(), 'selfsup-clone-'));

  constructor() {
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: repository,
      encoding: 'utf8',
    });
    for (const file of listed.split('\0')) {
      if (file === '' || file.startsWith('bench/') || !existsSync(join(repository, file))) continue;
      mkdirSync(dirname(this.path(file)), { recursive: true });
      cpSync(join(repository, file), this.path(file));
    }
    linkPackages(repository, this.root);
    this.git('init', '--quiet', '--initial-branch=main');
    this.commit('the checkout under test');
  }

  path(...segments: string[]): string {
    return join(this.root, ...segments);
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  /** What is in a folder, by name. */
  names(folder: string): string[] {
    return readdirSync(this.path(folder)).sort();
  }

  json<T>(path: string): T {
    return JSON.parse(this.read(path)) as T;
  }

  write(path: string, content: string | object): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
    return execFileSync('git', [...identity, ...args], { cwd: this.root, encoding: 'utf8' });
  }

  /** Commits everything: Nx sees only projects with tracked files. */
  commit(message: string): void {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message', message);
  }

  /** Starts `nx` or `selfsup` as the head of a process group of its own. */
  start(command: 'nx' | 'selfsup', args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const program = command === 'nx' ? 'node_modules/nx/dist/bin/nx.js' : 'pipelines/bin/selfsup.mjs';
    const outsideNx = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('NX_') && name !== 'SELFSUP_ARTIFACTS'),
    );
    return spawn(process.execPath, [program, ...args], {
      cwd: this.root,
      env: { ...outsideNx, FORCE_COLOR: '0', NX_CACHE_DIRECTORY: this.path('.nx/cache'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  }

  /** Runs `nx` or `selfsup` to its end. */
  run(command: 'nx' | 'selfsup', args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return ended(this.start(command, args, env));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Waits for a process and gives its exit code and all that it printed. */
export function ended(child: ChildProcess): Promise<Ended> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

/** A RotNet small enough for a test: rendered shapes, a NIN of width 8. */
export const tiny = {
  dataset: { sources: [{ type: 'shapes', size: 16, channels: 3, train: 320, test: 100, seed: 1 }] },
  experiment: {
    about: { title: 'Tiny' },
    seeds: [1],
    stages: {
      pretrain: {
        uses: 'tasks/rotnet',
        needs: { dataset: 'data/tiny' },
        config: {
          network: { name: 'nin', blocks: 3, width: 8 },
          data: { augment: { padCrop: 2, flip: false } },
          epochs: 2,
          batchSize: 32,
          schedule: { name: 'cosine', learningRate: 0.05 },
          checkpoint: { everySeconds: 0.5 },
        },
      },
      features: {
        uses: 'eval/features',
        needs: { encoder: 'pretrain', dataset: 'data/tiny' },
        config: { layers: ['conv2'] },
      },
      linear: {
        uses: 'eval/linear-probe',
        needs: { features: 'features' },
        config: { protocol: 'test', layer: 'conv2', epochs: 2, batchSize: 32 },
      },
    },
  },
};
export type Tiny = typeof tiny;

/** A clone that holds the experiment `tiny`, committed. */
export function cloneWithTiny(change: (experiment: Tiny['experiment']) => void = () => undefined): Clone {
  const clone = new Clone();
  const experiment = structuredClone(tiny.experiment);
  change(experiment);
  clone.write('pipelines/datasets/tiny/dataset.json', tiny.dataset);
  clone.write('pipelines/experiments/tiny/experiment.json', experiment);
  clone.commit('tiny');
  return clone;
}

/** Digest of the final checkpoint of a published pretraining. */
export function checkpointDigest(clone: Clone, stage = 'artifacts/tiny/base/seed-1/pretrain'): string {
  const manifest = clone.json<{ blobs: Record<string, { sha256: string }> }>(`${stage}/manifest.json`);
  return manifest.blobs['checkpoint']!.sha256;
}
