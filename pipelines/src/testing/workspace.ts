import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const program = join(repository, 'pipelines/bin/selfsup.mjs');
const engine = join(repository, 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node');

/** How a command is run otherwise than by the tests themselves. */
interface How {
  /** An empty value unsets a variable. */
  readonly env?: Readonly<Record<string, string>>;
  /** Number of a user and group. */
  readonly user?: number | undefined;
  /** File descriptor in the place of standard output. */
  readonly stdout?: number;
  readonly cwd?: string;
}

/**
 * A user who may write nowhere in the workspace, where the tests are root's and another user can read this checkout, and the engine
 * if it is needed, which may lie in root's own folder; else undefined: then they do what is possible with the rights that they have.
 */
export function stranger({ needsEngine = false } = {}): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const user = 65_534;
  const read = 'for (const file of process.argv.slice(1)) fs.accessSync(file, fs.constants.R_OK)';
  const files = needsEngine ? [program, engine] : [program];
  const tried = spawnSync(process.execPath, ['--eval', read, ...files], { uid: user, gid: user, cwd: '/' });
  return tried.status === 0 ? user : undefined;
}

/** As root the tests run as a stranger, whom the usual modes keep out; else this takes the right away. */
export function setWritable(folder: string, writable: boolean): void {
  chmodSync(folder, writable ? 0o755 : 0o555);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) setWritable(join(folder, entry.name), writable);
  }
}

/** A throw-away workspace with trivial stages, in which the real command runs. */
export interface TestWorkspace {
  readonly root: string;
  path(...segments: string[]): string;
  /** The environment of the commands. */
  readonly environment: Record<string, string | undefined>;
  write(path: string, content: string | object): void;
  json<T>(path: string): T;
  /** Runs `selfsup` to its end. */
  run(...args: string[]): Promise<{ code: number; output: string }>;
  /** The same as another user, in another environment, or with its results going to an open file. */
  runWith(how: How, ...args: string[]): Promise<{ code: number; output: string }>;
  /** Starts `selfsup` and leaves it running. */
  start(...args: string[]): ChildProcess;
  /** How often stages have really run: what each appended to `log` in the root. */
  log(): string[];
  remove(): void;
}

const trace = (name: string): string =>
  `import { appendFileSync } from 'node:fs';\nconst trace = (text: string) => appendFileSync(process.env.TRACE!, '${name} ' + text + '\\n');\n`;

const toyTask = `${trace('toy')}
import { writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { double } from '../../double.ts';
const schema = z.strictObject({ value: z.number(), seconds: z.number().default(0), saveSeconds: z.number().default(0), endedBy: z.string().optional(), network: z.strictObject({ name: z.string() }).optional() });
export default {
  schema, roles: ['dataset'], optionalRoles: ['init'],
  rolesFor: (config: any) => config.value > 100 ? ['generator'] : [],
  parts: (config: any) => config.network ? ['models/' + config.network.name] : [],
  async run({ config, seed, workFolder, needs, signal }: any) {
    trace('start ' + seed);
    if (config.endedBy) process.kill(process.pid, config.endedBy);
    for (let i = 0; i < config.seconds * 10; i++) {
      if (signal.aborted && config.saveSeconds > 0) {
        trace('saving ' + process.pid);
        await sleep(config.saveSeconds * 1000);
        trace('saved ' + process.pid);
      }
      if (signal.aborted) { const e = new Error('stopped'); e.name = 'Interrupted'; throw e; }
      await sleep(100);
    }
    const path = join(workFolder, 'weights');
    writeFileSync(path, JSON.stringify([double(config.value), seed, needs.dataset.metrics]));
    trace('end ' + seed);
    return { blobs: { checkpoint: path }, figures: [{ kind: 'curve', data: { train: [{ epoch: 1, loss: 1 }], test: [], percent: [] } }],
      metrics: [{ head: 'pretext', measure: 'loss', unit: 'none', better: 'less', value: 1 }] };
  },
};
`;

const measureEval = `${trace('measure')}
import { readFileSync } from 'node:fs';
import { z } from 'zod';
export default {
  schema: z.strictObject({ factor: z.number().default(1) }), roles: ['encoder'],
  async run({ config, needs }: any) {
    const [value] = JSON.parse(readFileSync(needs.encoder.blob('checkpoint'), 'utf8'));
    trace('run ' + value);
    return { metrics: [{ head: 'measure', measure: 'value', unit: 'none', better: 'more', value: value * config.factor }] };
  },
};
`;

const dataFiles: Record<string, string> = {
  'dataset.ts': `export const openDataset = () => ({ close: async () => undefined });`,
  'pictures/contact-sheet.ts': `export const sheetSplit = () => 'train';\nexport const contactSheet = async () => Buffer.from('sheet');\n`,
  'ingest/dataset-config.ts': `import { readFileSync } from 'node:fs';
export const readDatasetConfig = async (file: string) => JSON.parse(readFileSync(file, 'utf8'));\n`,
  'ingest/resolve.ts': `export async function resolveSource({ config }: any) {
  const [source] = config.sources;
  return { type: source.type, config: source, fallback: false, chosen: 'numbers', route: 'made up', identity: source };
}\n`,
  'ingest/ingest.ts': `${trace('ingest')}
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
export async function ingest({ name, workFolder, resolved }: any) {
  trace('run');
  const folder = join(workFolder, 'lmdb');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'data.mdb'), 'pages ' + Math.random());
  writeFileSync(join(folder, 'lock.mdb'), 'lock');
  return { folder, manifest: { schema: 1, name, digest: 'd' + resolved.config.count, source: { chosen: 'numbers', fallback: false },
    image: { height: 1, width: 1, channels: 1 }, classes: ['a'], splits: { train: { count: resolved.config.count, classCounts: [1] } }, quarantine: [] } };
}\n`,
  'sources/numbers/numbers.ts': `export default { schema: {} };\n`,
};

/** The experiment `toy`: dataset -> pretrain -> measure. */
export const toyExperiment = {
  about: { title: 'Toy' },
  seeds: [1],
  stages: {
    pretrain: { uses: 'tasks/toy', needs: { dataset: 'data/few' }, config: { value: 3 } },
    measure: { uses: 'eval/measure', needs: { encoder: 'pretrain' }, config: {} },
  },
};

/** Makes a workspace in the system's temporary folder. */
export function createTestWorkspace(): TestWorkspace {
  const root = mkdtempSync(join(tmpdir(), 'selfsup-test-'));
  const path = (...segments: string[]): string => join(root, ...segments);
  const write = (name: string, content: string | object): void => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
  };
  cpSync(join(repository, 'nx.json'), path('nx.json'));
  write('package.json', { name: 'toy', version: '1.0.0', private: true, type: 'module' });
  write('.gitignore', 'node_modules\nartifacts\n.nx\nlog\n');
  symlinkSync(join(repository, 'node_modules'), path('node_modules'));
  mkdirSync(path('pipelines'));
  for (const name of ['bin', 'src', 'nx-plugin.mjs', 'nx-machine.mjs']) {
    symlinkSync(join(repository, 'pipelines', name), path('pipelines', name));
  }
  write('pipelines/package.json', { name: '@toy/pipelines', type: 'module', nx: { name: 'pipeline' } });
  const rooms = { data: 'sources', models: 'networks', tasks: 'pretext', eval: 'evaluations' };
  for (const [name, room] of Object.entries(rooms)) {
    const { selfsup } = JSON.parse(readFileSync(join(repository, 'packages', name, 'package.json'), 'utf8')) as {
      selfsup: object;
    };
    const face = { './ingest': './src/ingest/ingest.ts', './stage': './src/ingest/stage.ts' };
    const needs = name === 'data' || name === 'models' ? [] : ['data', 'models'];
    const dependencies = Object.fromEntries(needs.map((needed) => [`@selfsup/${needed}`, '*']));
    write(`packages/${name}/package.json`, {
      name: `@toy/${name}`,
      type: 'module',
      sideEffects: false,
      nx: { name },
      selfsup,
      exports: { [`./${room}/*`]: `./src/${room}/*/*.ts`, ...(name === 'data' ? face : {}) },
      dependencies,
    });
  }
  // The face of the data package is the real one, over made-up modules.
  mkdirSync(path('packages/data/src/ingest'), { recursive: true });
  cpSync(join(repository, 'packages/data/src/ingest/stage.ts'), path('packages/data/src/ingest/stage.ts'));
  for (const [name, content] of Object.entries(dataFiles)) write(`packages/data/src/${name}`, content);
  write('packages/tasks/src/pretext/toy/toy.ts', toyTask);
  write('packages/tasks/src/double.ts', 'export const double = (value: number): number => value * 2;\n');
  write('packages/tasks/src/pretext/other/other.ts', toyTask);
  write('packages/eval/src/evaluations/measure/measure.ts', measureEval);
  write('packages/models/src/networks/net/net.ts', 'export default { name: "net" };\n');
  write('pipelines/datasets/few/dataset.json', { sources: [{ type: 'numbers', count: 3 }] });
  write('pipelines/experiments/toy/experiment.json', toyExperiment);
  // Nx may run the tests, but it does not run these commands.
  const {
    SELFSUP_ARTIFACTS: _artifacts,
    SELFSUP_REMOTE: _remote,
    NX_TASK_TARGET_PROJECT: _nx,
    ...inherited
  } = process.env;
  const environment: Record<string, string | undefined> = { ...inherited, TRACE: path('log'), FORCE_COLOR: '0' };
  return {
    root,
    path,
    environment,
    write,
    json: <T>(name: string): T => JSON.parse(readFileSync(path(name), 'utf8')) as T,
    run: (...args) =>
      new Promise((resolve) => {
        execFile(process.execPath, [program, ...args], { cwd: root, env: environment }, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
        );
      }),
    runWith: ({ env = {}, user, stdout, cwd = root }, ...args) =>
      new Promise((resolve, reject) => {
        const merged = Object.entries({ ...environment, ...env }).filter(([name, value]) => env[name] !== '' && value);
        const child = spawn(process.execPath, [program, ...args], {
          ...{ cwd, env: Object.fromEntries(merged), stdio: ['ignore', stdout ?? 'pipe', 'pipe'] },
          ...(user === undefined ? {} : { uid: user, gid: user }),
        });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
        child.on('error', reject);
        child.on('close', (code) => resolve({ code: code ?? 1, output }));
      }),
    start: (...args) => spawn(process.execPath, [program, ...args], { cwd: root, env: environment, stdio: 'pipe' }),
    log() {
      try {
        return readFileSync(path('log'), 'utf8')
          .trim()
          .split('\n')
          .filter((line) => line !== '');
      } catch {
        return [];
      }
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
