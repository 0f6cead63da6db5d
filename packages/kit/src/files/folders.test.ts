import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cacheFolder } from './folders.ts';
import { namedFolder, workspaceAbove } from './named-folder.mjs';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'selfsup-folders-')));
  mkdirSync(join(root, 'pipelines/src'), { recursive: true });
  writeFileSync(join(root, 'nx.json'), '{}');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

test('a relative folder is taken from the workspace root, wherever the command is typed', () => {
  for (const place of ['', 'pipelines', 'pipelines/src']) {
    vi.spyOn(process, 'cwd').mockReturnValue(join(root, place));
    expect(workspaceAbove()).toBe(root);
    for (const name of ['SELFSUP_DATA', 'SELFSUP_ARTIFACTS', 'SELFSUP_CACHE'] as const) {
      expect(namedFolder(name, { environment: { [name]: 'my files/één' } })).toBe(join(root, 'my files/één'));
      expect(namedFolder(name, { environment: { [name]: '/elsewhere' } })).toBe('/elsewhere');
      expect(namedFolder(name, { environment: { [name]: '' } })).toBeUndefined();
    }
    expect(cacheFolder({ SELFSUP_CACHE: 'kept' })).toBe(join(root, 'kept'));
  }
});

test('outside of a workspace it is taken from the current folder', () => {
  const outside = join(root, '..');
  vi.spyOn(process, 'cwd').mockReturnValue(outside);
  expect(workspaceAbove(outside)).toBeUndefined();
  expect(namedFolder('SELFSUP_DATA', { environment: { SELFSUP_DATA: 'data' } })).toBe(join(outside, 'data'));
});

test('XDG_CACHE_HOME counts where it is absolute', () => {
  vi.stubEnv('HOME', '/home/ada');
  expect(cacheFolder({ XDG_CACHE_HOME: '/big' })).toBe('/big/selfsup');
  expect(cacheFolder({ XDG_CACHE_HOME: 'big' })).toBe('/home/ada/.cache/selfsup');
});

test('without a home folder the cache is asked for by name', () => {
  vi.stubEnv('HOME', '');
  expect(() => cacheFolder({})).toThrow(expect.objectContaining({ field: 'SELFSUP_CACHE' }));
  expect(cacheFolder({ SELFSUP_CACHE: '/big/cache' })).toBe('/big/cache');
});
