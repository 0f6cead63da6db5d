import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openArtifacts } from '../store/artifacts.ts';
import { inspectFolder } from './inspect-folder.ts';
import { inspectPackages } from './inspect-packages.ts';
import { lookAtDatasets } from './look-at-datasets.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-doctor-'));
const cache = join(root, 'cache');
const before = { ...process.env };

function write(path: string, content: unknown): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify(content));
}

beforeAll(() => {
  process.env['SELFSUP_CACHE'] = cache;
  process.env['SELFSUP_ARTIFACTS'] = join(root, 'artifacts');
  process.env['SELFSUP_DATA'] = join(root, 'data');
});
afterAll(() => {
  for (const name of ['SELFSUP_CACHE', 'SELFSUP_ARTIFACTS', 'SELFSUP_DATA']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  rmSync(root, { recursive: true });
});

test('a folder that is to be made is judged by the one above it, and nothing is left there', async () => {
  const folder = join(root, 'empty');
  mkdirSync(folder);
  const state = await inspectFolder(join(folder, 'to/be/made'));
  expect(state.problem).toBeUndefined();
  expect(state.freeBytes).toBeGreaterThan(0);
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(join(root, 'file'), '');
  expect((await inspectFolder(join(root, 'file'))).problem).toMatch(/ENOTDIR/);
});

test('packages are compared with their pins', () => {
  write('packages/a/package.json', { dependencies: { right: '1.0.0', other: '1.0.0', gone: '1.0.0' } });
  write('pipelines/package.json', { dependencies: { own: '3.0.0' } });
  write('node_modules/right/package.json', { version: '1.0.0' });
  write('node_modules/other/package.json', { version: '2.0.0' });
  write('pipelines/node_modules/own/package.json', { version: '3.0.0' });
  expect(inspectPackages(root)).toEqual({
    count: 4,
    problems: [
      { name: 'other', wanted: '1.0.0', installed: '2.0.0' },
      { name: 'gone', wanted: '1.0.0', installed: undefined },
    ],
  });
});

test('datasets are looked at without fetching', async () => {
  const declare = (name: string, ...sources: object[]): void =>
    write(`pipelines/datasets/${name}/dataset.json`, { sources });
  declare('drawn', { type: 'shapes' });
  declare('far', { type: 'cifar10', url: 'http://localhost:1/never.tar.gz' });
  declare('forbidden', { type: 'cifar10', download: false });
  declare('misplaced', { type: 'cifar10', path: 'nowhere.tar.gz' });
  declare('stand-in', { type: 'cifar10', download: false }, { type: 'shapes' });
  declare('typo', { type: 'shaeps' });
  const states = await lookAtDatasets({ workspace: { root }, artifacts: openArtifacts({ root }) });
  const found = Object.fromEntries(states.map(({ name, source }) => [name, source]));
  expect(found['drawn']).toMatchObject({ state: 'here', fallback: false });
  expect(found['far']).toEqual({ state: 'elsewhere' });
  expect(found['forbidden']).toMatchObject({ state: 'none', remedy: expect.stringContaining('SELFSUP_DATA') });
  expect(found['misplaced']).toMatchObject({ state: 'wrong', problem: expect.stringContaining('does not exist') });
  expect(found['stand-in']).toMatchObject({ state: 'here', fallback: true });
  expect(found['typo']).toMatchObject({ state: 'wrong', remedy: expect.stringContaining('shapes') });
  expect(states.every(({ ingested }) => !ingested)).toBe(true);
  const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.map(({ parentPath, name }) => statSync(join(parentPath, name)).size)).toEqual(files.map(() => 0));
});
