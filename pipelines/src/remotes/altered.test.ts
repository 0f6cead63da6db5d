import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../testing/workspace.ts';
import { contentPath, type ResultRecord } from './record.ts';

let remote: string;
let here: TestWorkspace;
let there: TestWorkspace;
beforeEach(async () => {
  remote = mkdtempSync(join(tmpdir(), 'selfsup-remote-'));
  here = createTestWorkspace();
  there = createTestWorkspace();
  for (const one of [here, there]) one.write('selfsup.json', { remotes: { team: { url: remote, push: 'always' } } });
  expect((await here.run('run', 'toy')).code).toBe(0);
});
afterEach(() => {
  for (const one of [here, there]) one.remove();
  rmSync(remote, { recursive: true, force: true });
});

/** Path and content of the record of the stage `pretrain`. */
function pretrained(): { path: string; record: ResultRecord } {
  const paths = readdirSync(join(remote, 'results'), { recursive: true, encoding: 'utf8' });
  for (const name of paths.filter((one) => one.endsWith('.json'))) {
    const path = `results/${name}`;
    const { record } = JSON.parse(readFileSync(join(remote, path), 'utf8')) as { record: ResultRecord };
    if (record.label.endsWith('/pretrain')) return { path, record };
  }
  throw new Error('it was not pushed');
}

const flipped = (content: Buffer): Buffer => {
  content[content.length >> 1]! ^= 1;
  return content;
};

test('what was altered in a remote is refused by its path, and nothing of it is taken', async () => {
  const { path, record } = pretrained();
  const [checkpoint] = Object.values(record.blobs).flatMap((files) => Object.values(files));
  const at = (name: string): string => contentPath(record.files[name]!.sha256);
  const cases: [path: string, change: (content: Buffer) => Buffer | undefined, words: string][] = [
    [path, (content) => Buffer.from(content.toString().replace('/pretrain"', '/measure"')), 'its record was altered'],
    [path, (content) => content.subarray(0, 200), 'what the remote says of it is torn'],
    [at('manifest.json'), flipped, 'something else under a digest'],
    [at('metrics.json'), () => undefined, "not all of it is in 'team'"],
    [contentPath(checkpoint!.sha256), (content) => content.subarray(1), "not all of it is in 'team'"],
  ];
  const kept = `${remote}-kept`;
  cpSync(remote, kept, { recursive: true });
  try {
    for (const [altered, change, words] of cases) {
      const content = change(readFileSync(join(remote, altered)));
      rmSync(join(remote, altered));
      if (content !== undefined) writeFileSync(join(remote, altered), content);
      const { output } = await there.run('pull', 'toy');
      expect(output).toContain(words);
      expect(output).toContain(altered);
      expect(output).toContain('1 results are here, 2 are not to be had');
      expect(existsSync(there.path('artifacts/toy'))).toBe(false);
      rmSync(there.path('artifacts'), { recursive: true });
      cpSync(join(kept, altered), join(remote, altered));
    }
    // A blob of the right size shows when it is fetched.
    const blob = contentPath(checkpoint!.sha256);
    writeFileSync(join(remote, blob), flipped(readFileSync(join(remote, blob))));
    const pulled = await there.run('pull', 'toy', '--blobs');
    expect(pulled).toMatchObject({ code: 1, output: expect.stringContaining('something else under a digest') });
    expect(pulled.output).toContain(blob);
    // All experiments go on past it, and it is named all the same.
    const ofAll = await there.run('pull', '--blobs');
    expect(ofAll).toMatchObject({ code: 1, output: expect.stringContaining(blob) });
    const { sha256 } = checkpoint!;
    expect(existsSync(there.path('artifacts/store/sha256', sha256.slice(0, 2), sha256))).toBe(false);
    expect(there.log()).toEqual([]);
  } finally {
    rmSync(kept, { recursive: true });
  }
});

test('what was removed from a remote by hand, as errors advise, is pushed again', async () => {
  const { path, record } = pretrained();
  const metrics = contentPath(record.files['metrics.json']!.sha256);
  rmSync(join(remote, path));
  expect((await here.run('push', 'toy')).output).toContain('1 pushed, 1 there already');
  rmSync(join(remote, metrics));
  rmSync(join(remote, path));
  expect((await there.run('status', 'toy')).output).toMatch(/^nowhere +toy\/base\/seed-1\/pretrain$/m);
  expect((await here.run('push', 'toy')).output).toContain('1 pushed, 1 there already');
  expect((await there.run('pull', 'toy')).output).toContain('3 results are here');
});

test('a result that was altered here is not pushed', async () => {
  rmSync(remote, { recursive: true });
  const metrics = 'artifacts/toy/base/seed-1/measure/metrics.json';
  const text = readFileSync(here.path(metrics), 'utf8');
  here.write(metrics, text.replace(/"value": \d+/, '"value": 99'));
  const { code, output } = await here.run('push', 'toy');
  expect(code).toBe(1);
  expect(output).toContain('toy/base/seed-1/measure cannot be pushed: metrics.json was altered since it was published');
  expect(output).toContain('1 pushed, 0 there already');
});
