import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneWithTiny, type Clone } from './clone.ts';

let clone: Clone;
beforeAll(() => {
  clone = cloneWithTiny();
});
afterAll(() => clone.remove());

test("the README's library example runs as printed, and type-checks", async () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(clone.read('README.md'))!;
  clone.write('example.mts', example!);
  expect((await clone.run('selfsup', ['run', 'tiny', '--stage', 'pretrain'])).code).toBe(0);
  const blobOf = (manifest: string, name: string): string => {
    const { blobs } = clone.json<{ blobs: Record<string, { sha256: string; kind?: string }> }>(manifest);
    const { sha256 } = blobs[name]!;
    return clone.path('artifacts/store/sha256', sha256.slice(0, 2), sha256);
  };
  const dataset = blobOf('artifacts/tiny/ingest/manifest.json', 'lmdb');
  const checkpoint = blobOf('artifacts/tiny/base/seed-1/pretrain/manifest.json', 'checkpoint');
  const output = execFileSync(process.execPath, ['--import', 'tsx', 'example.mts', dataset, checkpoint], {
    cwd: clone.root,
    encoding: 'utf8',
  });
  expect(output.trim()).toBe('features 32x4x4x8');
  clone.write('tsconfig.example.json', { extends: './tsconfig.base.json', files: ['example.mts'] });
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.example.json'], {
    cwd: clone.root,
    stdio: 'pipe',
  });
}, 180_000);
