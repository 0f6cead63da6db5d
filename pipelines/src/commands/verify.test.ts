import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '../store/manifest.ts';
import { createTestWorkspace, type TestWorkspace } from '../testing/workspace.ts';

let workspace: TestWorkspace;
beforeEach(() => {
  workspace = createTestWorkspace();
});
afterEach(() => workspace.remove());

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  rmSync(path);
  writeFileSync(path, bytes);
}

test('what was altered is named, and computed again by the next run, which names it too', async () => {
  expect((await workspace.run('run', 'toy')).code).toBe(0);
  const { code, output } = await workspace.run('verify');
  expect({ code, output }).toEqual({
    code: 0,
    output: '3 results with 2 blobs were read: all is as it was published\n',
  });
  const measure = 'toy/base/seed-1/measure';
  const { blobs } = workspace.json<Manifest>('artifacts/toy/base/seed-1/pretrain/manifest.json');
  const { sha256 } = blobs.checkpoint!;
  flip(workspace.path('artifacts', measure, 'metrics.json'), 20);
  flip(workspace.path('artifacts/store/sha256', sha256.slice(0, 2), sha256), 2);
  const found = await workspace.run('verify');
  expect(found.code).toBe(1);
  expect(found.output).toContain(`${measure}: metrics.json was altered since it was published\n`);
  expect(found.output).toContain(`toy/base/seed-1/pretrain: the blob 'checkpoint' was altered (${sha256})\n`);
  expect(found.output).toContain('2 of their files are not as they were published');
  const report = await workspace.run('report', 'toy');
  expect(report).toMatchObject({ code: 1, output: expect.stringContaining('metrics.json was altered') as string });
  const again = await workspace.run('run', 'toy');
  expect(again.output).toContain(
    "what was published is damaged: the blob 'checkpoint' is missing from the store or was altered",
  );
  expect(again.output).toContain('what was published is damaged: metrics.json was altered');
  expect((await workspace.run('verify')).code).toBe(0);
});
