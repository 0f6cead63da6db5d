import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { fetchObject } from './fetch-object.ts';
import { contentPath } from './record.ts';
import { bytesOf, fileContent, NotThere, textContent, type Remote } from './remote.ts';
import { s3Remote } from './s3-remote.ts';

// A server of S3 that others wrote: pip install 'moto[server]'. SELFSUP_MOTO names its program where it is not in the PATH.
const program = process.env['SELFSUP_MOTO'] || 'moto_server';
const isThere = spawnSync(program, ['--help'], { timeout: 60_000 }).status === 0;
if (!isThere) console.log("Skipped: no S3 server is here (pip install 'moto[server]').");

const port = 20_000 + (process.pid % 20_000);
const endpoint = `http://127.0.0.1:${port}`;
const part = 5 << 20;
let server: ChildProcess | undefined;
let remote: Remote;

beforeAll(async () => {
  if (!isThere) return;
  process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  server = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const made = async (): Promise<boolean> =>
    (await fetch(`${endpoint}/bucket`, { method: 'PUT' }).catch(() => undefined))?.ok ?? false;
  for (let i = 0; i < 200 && !(await made()); i++) await sleep(250);
  remote = s3Remote('s3', 's3://bucket/below/here', { endpoint, part }, 30_000);
});
afterAll(async () => {
  if (server === undefined) return;
  server.kill();
  await once(server, 'close');
});

test.skipIf(!isThere)('a real server of S3 keeps, lists, resumes and never replaces', async () => {
  expect(await remote.size('results/a')).toBe(undefined);
  await expect(remote.read('results/a', 0)).rejects.toThrow(NotThere);
  const both = await Promise.all(['first', 'other'].map((text) => remote.write!('results/a', textContent(text))));
  expect(both.sort()).toEqual(['there', 'written']);
  expect(await remote.write!('results/a', textContent('third'))).toBe('there');
  expect((await bytesOf(await remote.read('results/a', 1))).toString()).toMatch(/^(irst|ther)$/);

  const root = mkdtempSync(join(tmpdir(), 's3-'));
  try {
    const bytes = 2 * part + 12_345;
    const file = join(root, 'blob');
    writeFileSync(file, Buffer.alloc(bytes, 'some weights, '));
    const ref = { sha256: sha256(readFileSync(file)), bytes };
    const path = contentPath(ref.sha256);
    const content = fileContent(file, bytes, ref.sha256);
    const opened: number[] = [];
    const watch = (cutFrom: number) => ({
      ...content,
      open: (from: number, to?: number) => {
        opened.push(from);
        return from >= cutFrom ? content.open(0, 0).destroy(new Error('cut')) : content.open(from, to);
      },
    });
    await expect(remote.write!(path, watch(2 * part))).rejects.toThrow('cut');
    expect(await remote.size(path)).toBe(undefined);
    const sent = opened.filter((from) => from < 2 * part).length;
    opened.length = 0;
    expect(await remote.write!(path, watch(Infinity))).toBe('written');
    expect(opened).toHaveLength(3 - sent);
    writeFileSync(join(root, 'to'), readFileSync(file).subarray(0, 7_654_321));
    await fetchObject(remote, ref, join(root, 'to'));
    expect(sha256(readFileSync(join(root, 'to')))).toBe(ref.sha256);
    const listed: string[] = [];
    for await (const one of remote.list!('blobs/')) listed.push(`${one.path} ${one.bytes}`);
    expect(listed).toEqual([`${path} ${bytes}`]);
    await remote.sweep!(0);
    await remote.remove!(path);
    expect(await remote.size(path)).toBe(undefined);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
