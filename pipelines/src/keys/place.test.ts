import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { readManifest, type Manifest } from '../store/manifest.ts';
import { createTestWorkspace, type TestWorkspace } from '../testing/workspace.ts';
import { placesApart, withPlace } from './place.ts';

let workspace: TestWorkspace;
beforeEach(() => {
  workspace = createTestWorkspace();
  const task = 'packages/tasks/src/pretext/toy/toy.ts';
  const reaching = `if (config.value < 0) await import('@tensorflow/tfjs-node-gpu');\n    trace('start '`;
  workspace.write(task, readFileSync(workspace.path(task), 'utf8').replace(`trace('start '`, reaching));
  Object.assign(workspace.environment, { SELFSUP_THREADS: '2', SELFSUP_EXACT: undefined });
});
afterEach(() => workspace.remove());

const manifest = (): Manifest => workspace.json<Manifest>('artifacts/toy/base/seed-1/pretrain/manifest.json');

/** What a command computed anew, and what it said. */
async function run(...args: string[]): Promise<{ computed: string[]; output: string }> {
  const before = workspace.log().length;
  const { code, output } = await workspace.run(...args);
  expect(code, output).toBe(0);
  return { computed: workspace.log().slice(before), output };
}

test('a result is done wherever it was computed, unless results must be exact', async () => {
  await run('run', 'toy');
  const first = manifest();
  expect(first.schema).toBe(2);
  expect(first.places).toMatchObject([{ threads: '2', fpmath: 'fp32', deterministic: '1' }]);
  expect(first.keyParts.engine).toEqual({ tensorflow: expect.any(String), tfjs: expect.any(String) });
  expect(first.key).toBe(sha256(canonicalJson(first.keyParts)));

  workspace.environment['SELFSUP_THREADS'] = '1';
  expect((await run('run', 'toy')).computed).toEqual([]);
  expect((await run('why', 'toy', 'pretrain')).output).toMatch(
    /pretrain: done, computed elsewhere[\s\S]*place: threads: "2" -> "1"/,
  );
  expect((await run('why', 'toy', 'pretrain', '--exact')).output).toMatch(
    /would run, since\n {2}place: threads: "2" -> "1"/,
  );
  expect(manifest()).toEqual(first);
  const exact = await run('run', 'toy', '--exact');
  expect(exact.computed).toEqual(['toy start 1', 'toy end 1']);
  expect(exact.output.indexOf('place: threads: "2" -> "1"')).toBeLessThan(exact.output.indexOf('started'));
  expect(exact.output.match(/computed again here/g)).toHaveLength(1);
  expect(exact.output).toMatch(/computed again here:\n {2}toy seed 1: pretrain\n[\s\S]*stays until the new result/);
  expect(manifest()).toMatchObject({ key: first.key, outputDigest: first.outputDigest, places: [{ threads: '1' }] });
  expect((await run('run', 'toy', '--exact')).computed).toEqual([]);
});

test('the workspace may ask for exact results; unknown settings are refused', async () => {
  await run('run', 'toy');
  workspace.environment['SELFSUP_THREADS'] = '1';
  workspace.write('selfsup.json', { exact: true });
  workspace.environment['SELFSUP_EXACT'] = '0';
  expect((await run('run', 'toy')).computed).toEqual([]);
  workspace.environment['SELFSUP_EXACT'] = '';
  expect((await run('stage', 'toy', 'pretrain')).computed).toEqual(['toy start 1', 'toy end 1']);
  workspace.environment['SELFSUP_EXACT'] = 'yes';
  expect((await workspace.run('run', 'toy')).output).toMatch(/SELFSUP_EXACT is 'yes'[\s\S]*0 or 1/);
  workspace.write('selfsup.json', { exakt: true });
  const { code, output } = await workspace.run('run', 'toy');
  expect(code).toBe(1);
  expect(output).toMatch(/did you mean 'exact'[\s\S]*selfsup\.json/);
});

test('a manifest of schema 1 is read, its engine split into versions and place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'selfsup-manifest-'));
  try {
    const keyParts = { uses: 'tasks/toy', seed: 1, config: { value: 3 }, needs: {}, engine: '0123', code: 'c' };
    const old = { key: 'k', keyParts, parts: [], code: { key: 'c', files: {}, packages: {} }, resolvedConfig: {} };
    const engineFacts = { engine: 'tf-cpu', tensorflow: '2.21.0', tfjs: '4.22.0', cpu: 'x', threads: '2' };
    const published = { ...old, blobs: {}, files: {}, outputDigest: 'o' };
    const write = (content: object): void => writeFileSync(join(folder, 'manifest.json'), JSON.stringify(content));
    write({ schema: 1, ...published, engineFacts });
    const now = { ...keyParts, engine: { tensorflow: '2.21.0', tfjs: '4.22.0' } };
    const places = [{ engine: 'tf-cpu', cpu: 'x', threads: '2' }];
    const key = sha256(canonicalJson(now));
    expect(readManifest(folder)).toEqual({ ...published, schema: 2, key, keyParts: now, places });
    write({ schema: 1, ...published });
    expect(readManifest(folder)).toEqual({ ...published, schema: 2, places: [] });
    write({ schema: 3, ...published });
    expect(readManifest(folder)).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('places are kept in order, each once in a row; facts apart are named with all values', () => {
  const [two, one] = [
    { cpu: 'x', threads: '2' },
    { cpu: 'x', threads: '1' },
  ] as const;
  expect(withPlace([], undefined)).toEqual([]);
  expect(withPlace(withPlace(withPlace([], two), two), one)).toEqual([two, one]);
  expect(placesApart([two, two])).toEqual([]);
  expect(placesApart([two, one, { ...one, gpu: 'h' }])).toEqual(['threads 2 / 1', 'gpu none / h']);
});
