import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, expect, test } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import { ADDON, inspectEngine } from './place.ts';
import { engineToBe, setUpEngine } from './setup.ts';
import { COMPILER, stage, TINY } from '../testing/setup.ts';

const CHILD = fileURLToPath(new URL('../testing/setup-child.ts', import.meta.url));
const folders: string[] = [];

function newStage() {
  const made = stage();
  folders.push(made.folder);
  return made;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const calls = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean);
const leftovers = (engines: string) => readdirSync(engines).filter((name) => name.startsWith('.'));

test('builds an engine, links it, and does nothing the next time', async () => {
  const { options, packageFolder, engines, calls: log } = newStage();
  const built = await setUpEngine(options);
  expect(built.action).toBe('built');
  expect(built.downloadedBytes).toBe(TINY.wheels[0]?.bytes);
  expect(readFileSync(join(packageFolder, 'deps/lib/libtensorflow.so'), 'utf8')).toBe('the library');
  expect(readFileSync(join(packageFolder, 'deps/include/tensorflow/c/c_api.h'), 'utf8')).toBe('// a header');
  expect(existsSync(join(packageFolder, ADDON))).toBe(true);
  expect(readdirSync(built.root, { recursive: true }).filter((path) => String(path).endsWith('.py'))).toEqual([]);
  expect(leftovers(engines)).toEqual([]);
  const before = calls(log);
  expect((await setUpEngine(options)).action).toBe('nothing');
  expect(calls(log)).toEqual(before);
});

test('what an engine will be is known before it is set up', async () => {
  const { options } = newStage();
  const before = engineToBe(options);
  const { stamp } = await setUpEngine(options);
  expect(before).toEqual({ id: stamp.id, tensorflow: TINY.tensorflow, tfjs: stamp.tfjs, flavour: 'cpu' });
  expect(engineToBe(options)).toEqual(stamp);
});

test('a second clone links what the first one built', async () => {
  const first = newStage();
  const second = newStage();
  await setUpEngine(first.options);
  const environment = { ...second.options.environment, SELFSUP_CACHE: first.options.environment.SELFSUP_CACHE };
  const result = await setUpEngine({ ...second.options, environment });
  expect(result.action).toBe('linked');
  expect(calls(second.calls)).toEqual([]);
  expect(inspectEngine(second.packageFolder).ok).toBe(true);
});

test('a changed source of ours is compiled without another download', async () => {
  const { options, folder, packageFolder, engines, calls: log } = newStage();
  const first = await setUpEngine(options);
  const stepSources = join(folder, 'sources');
  mkdirSync(stepSources);
  writeFileSync(join(stepSources, 'step_functions.cc'), '// changed');
  const second = await setUpEngine({ ...options, stepSources });
  expect(second).toMatchObject({ action: 'built', downloadedBytes: 0 });
  expect(second.root).not.toBe(first.root);
  expect(calls(log)).toEqual(['pip', ...Array<string>(6).fill('compiler')]);
  // The libraries are not on the disk twice, and outlive the engine that they were unpacked for.
  const library = 'deps/lib/libtensorflow_cc.so.2';
  expect(statSync(join(second.root, library)).ino).toBe(statSync(join(first.root, library)).ino);
  rmSync(first.root, { recursive: true });
  expect(inspectEngine(packageFolder).ok).toBe(true);
  expect(readFileSync(join(packageFolder, 'deps/lib/libtensorflow.so'), 'utf8')).toBe('the library');
  expect(leftovers(engines)).toEqual([]);
});

test.each([
  ['a deleted addon', (root: string) => rmSync(join(root, ADDON))],
  ['a truncated library', (root: string) => truncateSync(join(root, 'deps/lib/libtensorflow_cc.so.2'), 3)],
  ['a lost stamp', (root: string) => rmSync(join(root, 'selfsup-engine.json'))],
  ['a lost engine', (root: string) => rmSync(root, { recursive: true })],
])('notices %s and builds anew', async (_what, damage) => {
  const { options, packageFolder, engines } = newStage();
  const { root } = await setUpEngine(options);
  damage(root);
  expect(inspectEngine(packageFolder).ok).toBe(false);
  expect((await setUpEngine(options)).action).toBe('built');
  expect(inspectEngine(packageFolder).ok).toBe(true);
  expect(leftovers(engines)).toEqual([]);
});

test('mends a missing link and replaces a folder that is no engine of ours', async () => {
  const { options, packageFolder } = newStage();
  await setUpEngine(options);
  rmSync(join(packageFolder, 'deps'));
  expect(inspectEngine(packageFolder)).toMatchObject({ ok: false, why: expect.stringContaining('links') });
  mkdirSync(join(packageFolder, 'deps/lib'), { recursive: true });
  writeFileSync(join(packageFolder, 'deps/lib/other'), '');
  expect((await setUpEngine(options)).action).toBe('linked');
  expect(readdirSync(packageFolder).sort()).toEqual(['binding', 'deps', 'lib', 'package.json']);
});

test('two set-ups at once build once', async () => {
  const { options, packageFolder, calls: log } = newStage();
  const results = await Promise.all([setUpEngine(options), setUpEngine(options)]);
  expect(results.map((result) => result.stamp.id)).toEqual([results[0]?.stamp.id, results[0]?.stamp.id]);
  expect(calls(log).filter((call) => call === 'pip')).toHaveLength(1);
  expect(inspectEngine(packageFolder).ok).toBe(true);
});

test.each([
  [
    'downloading',
    'python3',
    `case "$*" in *--version*) echo 'pip 24.0 x';; *) echo half > "$TMPDIR/half"; echo hangs >> "$CALLS"; exec sleep 20;; esac`,
  ],
  ['compiling', 'g++', `case "$*" in *--version*) ;; *) echo hangs >> "$CALLS"; exec sleep 20;; esac`],
  ['trying the addon', undefined, ''],
])('killed while %s, nothing is taken for whole and the next set-up succeeds soon', async (_when, name, script) => {
  const made = newStage();
  const child = execa(process.execPath, ['--import', 'tsx', CHILD, made.folder, ...(name ? [] : ['hang'])], {
    reject: false,
    env: { FAKE_TOOL: name, FAKE_SCRIPT: script },
  });
  const reached = name ? () => calls(made.calls).includes('hangs') : undefined;
  if (reached) await expect.poll(reached, { timeout: 20_000 }).toBe(true);
  else await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGKILL');
  await child;
  expect(leftovers(made.engines)).not.toEqual([]);
  expect(inspectEngine(made.packageFolder).ok).toBe(false);

  // Opening the stage again puts the working tools back.
  expect((await setUpEngine(stage(made.folder).options)).action).toBe('built');
  expect(inspectEngine(made.packageFolder).ok).toBe(true);
  expect(leftovers(made.engines)).toEqual([]);
  // A wheel that had arrived whole is not downloaded again.
  expect(calls(made.calls).filter((call) => call === 'pip')).toHaveLength(1);
});

test('the official prebuilt addon is accepted where it works', async () => {
  const { options, packageFolder, calls: log } = newStage();
  prebuilt(packageFolder);
  expect(engineToBe(options)).toBeUndefined();
  const result = await setUpEngine(options);
  expect(result).toMatchObject({ action: 'accepted', stamp: { flavour: 'prebuilt' } });
  expect((await setUpEngine(options)).action).toBe('nothing');
  expect(calls(log)).toEqual([]);
});

test('a prebuilt addon that does not load is replaced, and the reason said', async () => {
  const { options, packageFolder, lines } = newStage();
  prebuilt(packageFolder);
  const smoke = async (addon: string) =>
    addon.startsWith(packageFolder)
      ? ({ ok: false, why: 'libcudart.so.11.0 is missing' } as const)
      : ({ ok: true, tensorflow: '1.0', gpu: false } as const);
  expect((await setUpEngine({ ...options, smoke })).action).toBe('built');
  expect(lines.join()).toContain('libcudart.so.11.0');
});

function prebuilt(packageFolder: string): void {
  for (const file of [ADDON, 'deps/lib/libtensorflow.so.2', 'deps/lib/libtensorflow_framework.so.2']) {
    mkdirSync(join(packageFolder, file, '..'), { recursive: true });
    writeFileSync(join(packageFolder, file), file);
  }
}

test('an engine that does not run is not published', async () => {
  const { options, packageFolder, engines } = newStage();
  const smoke = async () => ({ ok: false, why: 'it multiplies wrongly' }) as const;
  await expect(setUpEngine({ ...options, smoke })).rejects.toThrow(/does not run: it multiplies wrongly/);
  expect(inspectEngine(packageFolder).ok).toBe(false);
  expect(readdirSync(engines)).toEqual(['wheels']);
});

test.each([
  ['no Python', { rm: ['python3'] }, /No Python found/, /apt-get install python3-pip/],
  [
    'no pip',
    { python3: `echo "/usr/bin/python3: No module named pip" >&2; exit 1` },
    /No module named pip/,
    /python3-pip/,
  ],
  ['an old pip', { python3: `echo "pip 18.1 from /usr (python 3.7)"` }, /pip 18.1 .*too old/, /--upgrade pip/],
  ['no compiler', { rm: ['g++'] }, /No C\+\+ compiler/, /apt-get install g\+\+/],
  [
    'a compiler that fails',
    {
      'g++': `case "$*" in *--version*) ;; *) echo "x.cc:1: error: 'optional' is not a member of 'std'" >&2; exit 1;; esac`,
    },
    /could not build.*'optional' is not a member/,
    /GCC 8/,
  ],
  ['no network', { python3: pip('Temporary failure in name resolution') }, /no network/, /HTTPS_PROXY.*PIP_FIND_LINKS/],
  [
    'an index without it',
    { python3: pip('ERROR: No matching distribution found for tiny==1.0') },
    /has no tiny 1.0/,
    /PIP_INDEX_URL/,
  ],
  [
    'a disk that fills',
    { python3: pip('OSError: [Errno 28] No space left on device') },
    /Not enough disk space/,
    /SELFSUP_CACHE/,
  ],
  [
    'another file',
    { python3: pip('', 'echo altered > "$dest/tiny-1.0-cp311-cp311-manylinux_2_27_x86_64.whl"') },
    /sha256 is [0-9a-f]{64}, not/,
    /Run the same command again/,
  ],
])('%s: one clear error with its remedy', async (_what, change: Record<string, string | string[]>, message, remedy) => {
  const made = newStage();
  // Without the system's own tools, only the pretended ones.
  for (const name of ['cp', 'sleep', 'echo']) made.tool(name, `exec /bin/${name} "$@"`);
  made.options.environment.PATH = join(made.folder, 'bin');
  for (const [name, script] of Object.entries(change)) {
    if (typeof script === 'string') made.tool(name, script);
    else for (const tool of script) rmSync(join(made.folder, 'bin', tool));
  }
  const error: unknown = await setUpEngine(made.options).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toMatch(message);
  expect((error as UserError).remedy).toMatch(remedy);
  expect(inspectEngine(made.packageFolder).ok).toBe(false);
  expect(leftovers(made.engines)).toEqual([]);

  // With the cause gone, the same command succeeds.
  const mended = stage(made.folder);
  mended.tool('g++', COMPILER);
  expect((await setUpEngine(mended.options)).action).toBe('built');
});

/** A pip that fails with these words, or does something else. */
function pip(words: string, action = `echo "${words}" >&2; exit 1`): string {
  return `case "$*" in *--version*) echo 'pip 24.0 x'; exit 0;; esac
    while [ $# -gt 0 ]; do if [ "$1" = --dest ]; then dest="$2"; fi; shift; done; ${action}`;
}

test('a disk without room is noticed before anything is downloaded', async () => {
  const { options, calls: log } = newStage();
  await expect(setUpEngine({ ...options, freeBytes: async () => 1e6 })).rejects.toThrow(/1 MB free, \d+ MB needed/);
  expect(calls(log)).toEqual([]);
});

test('a cache that cannot be written is named', async () => {
  const { options, folder } = newStage();
  writeFileSync(join(folder, 'cache'), 'a file in the way');
  await expect(setUpEngine(options)).rejects.toMatchObject({ remedy: expect.stringContaining('SELFSUP_CACHE') });
});
