import { expect, test } from 'vitest';
import { diagnose, type Finding } from './diagnose.ts';
import type { DatasetState, Facts } from './facts.ts';

const folder = { path: '/somewhere', exists: true, freeBytes: 50e9, problem: undefined };
const sound: Facts = {
  node: '22.11.0',
  packages: { count: 3, problems: [] },
  engine: {
    ok: true,
    facts: { tensorflow: '2.21.0', flavour: 'cpu', device: 'cpu', threads: '2', cuda: 'no' },
    problems: [],
  },
  settings: { fpmath: 'fp32', deterministic: true },
  python: { found: 'python3 with pip' },
  compiler: { found: 'g++' },
  git: { found: 'git version 2.39.5' },
  artifacts: folder,
  cache: folder,
  data: folder,
  datasets: [],
};
const findings = (changes: Partial<Facts>): Finding[] => diagnose({ ...sound, ...changes });
const about = (what: string, changes: Partial<Facts>): Finding =>
  findings(changes)
    .filter((finding) => finding.what === what)
    .at(-1)!;
const dataset = (source: DatasetState['source'], ingested = false): Finding =>
  about('data/d', { datasets: [{ name: 'd', ingested, source }] });

test('a sound machine has nothing but ok, and the engine says what it is', () => {
  expect(findings({}).map(({ status }) => status)).toEqual(new Array(9).fill('ok'));
  const { says } = about('engine', {});
  for (const word of ['2.21.0', 'device cpu', '2 threads', 'fp32', 'deterministic']) expect(says).toContain(word);
});

test.each([
  ['18.20.0', 'fail'],
  ['20.11.1', 'fail'],
  ['20.12.0', 'ok'],
  ['21.0.0', 'warn'],
  ['24.1.0', 'ok'],
  ['26.0.0', 'warn'],
])('Node.js %s: %s', (node, status) => {
  expect(about('Node.js', { node }).status).toBe(status);
});

test('packages that are missing or of another version are named', () => {
  const problems = [
    { name: 'sharp', wanted: '0.35.5', installed: undefined },
    { name: 'zod', wanted: '4.6.7', installed: '3.0.0' },
  ];
  const finding = about('npm packages', { packages: { count: 2, problems } });
  expect(finding).toMatchObject({ status: 'fail', remedy: expect.stringContaining('npm ci') });
  expect(finding.says).toBe('sharp is missing, zod is 3.0.0 instead of 4.6.7');
});

test('a missing engine fails with its own remedy', () => {
  const problems = [{ what: 'No engine', remedy: 'Run npx nx run engine:setup.' }];
  const finding = about('engine', { engine: { ok: false, facts: {}, problems } });
  expect(finding).toEqual({ status: 'fail', what: 'engine', says: 'No engine', remedy: problems[0]!.remedy });
});

test('a GPU that lies idle is worth a warning', () => {
  const engine = { ...sound.engine, facts: { ...sound.engine.facts, cuda: 'yes' } };
  expect(about('engine', { engine })).toMatchObject({ status: 'warn', remedy: expect.stringContaining('cuda') });
});

test('tools for set-up, and git, are never a failure', () => {
  const tool = { problem: 'not there', remedy: 'Install it.' };
  const all = findings({ python: tool, compiler: tool, git: tool });
  expect(all.filter(({ status }) => status === 'warn').map(({ what }) => what)).toEqual([
    'Python',
    'C++ compiler',
    'git',
  ]);
  expect(all.every(({ status, remedy }) => status !== 'warn' || remedy === 'Install it.')).toBe(true);
  expect(all.some(({ status }) => status === 'fail')).toBe(false);
});

test.each([
  [{ freeBytes: 1e9 }, 'warn'],
  [{ freeBytes: 1e6 }, 'fail'],
  [{ freeBytes: undefined }, 'warn'],
  [{ problem: 'EROFS' }, 'fail'],
])('a folder with %j: %s', (change, status) => {
  const finding = about('cache folder', { cache: { ...folder, ...change } });
  expect(finding.status).toBe(status);
  if (finding.status === 'fail') expect(finding.remedy).toContain('SELFSUP_CACHE');
});

test('data that can be fetched is fine, data that cannot is a warning, a wrong declaration a failure', () => {
  expect(dataset({ state: 'here', chosen: 'Shapes', fallback: false })).toMatchObject({ status: 'ok' });
  expect(dataset({ state: 'elsewhere' }).says).toContain('would be fetched');
  const words = { problem: 'no files', remedy: 'Put them there.' };
  expect(dataset({ state: 'none', ...words })).toMatchObject({ status: 'warn', says: 'no files' });
  expect(dataset({ state: 'none', ...words }, true)).toMatchObject({ status: 'ok' });
  expect(dataset({ state: 'wrong', ...words })).toMatchObject({ status: 'fail', remedy: 'Put them there.' });
});

test('artifacts that can only be read are a warning that says what is possible', () => {
  const finding = about('artifacts folder', { artifacts: { ...folder, problem: 'EROFS' } });
  expect(finding.status).toBe('warn');
  expect(finding.says).toMatch(/^\/somewhere is read-only/);
  expect(about('artifacts folder', { artifacts: { ...folder, exists: false, problem: 'EROFS' } }).status).toBe('fail');
});

test('a user without a cache is told the variable', () => {
  const cache = { path: undefined, exists: false, freeBytes: undefined, problem: 'no home folder' };
  expect(about('cache folder', { cache })).toMatchObject({
    status: 'warn',
    remedy: expect.stringContaining('SELFSUP_CACHE'),
  });
});

test('the data folder is shown whole, and missed where it is not there', () => {
  expect(about('data folder', {})).toMatchObject({ status: 'ok', says: '/somewhere' });
  expect(about('data folder', { data: undefined })).toMatchObject({ status: 'ok', says: 'SELFSUP_DATA is not set' });
  const missing = about('data folder', { data: { ...folder, exists: false } });
  expect(missing).toMatchObject({ status: 'warn', says: '/somewhere is no folder' });
});
