import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { faultCampaign, noise } from '../testing/fault-campaign.ts';
import { startFaultyProxy, type FaultyProxy } from '../testing/faulty-proxy.ts';
import type { LocalServer } from '../testing/local-server.ts';
import { hasMoto, startMoto } from '../testing/moto.ts';
import { fetchObject } from './fetch-object.ts';
import { contentPath } from './record.ts';
import { bytesOf, fileContent, NotThere, textContent, type Remote } from './remote.ts';
import { s3Remote } from './s3-remote.ts';

/** How many requests go wrong: SELFSUP_FAULTS=200 for a campaign. */
const faults = Number(process.env['SELFSUP_FAULTS'] ?? 40);
const isServed = hasMoto();
const part = 5 << 20;
let root: string;
let moto: LocalServer;
let proxy: FaultyProxy;
beforeAll(async () => {
  if (!isServed) return;
  moto = await startMoto();
  proxy = await startFaultyProxy(moto.url);
});
afterAll(async () => {
  if (!isServed) return;
  await proxy.close();
  await moto.close();
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 's3-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = (name: string, folder: string, endpoint = moto.url, stall = 30_000): Remote =>
  s3Remote(name, `s3://bucket/${folder}`, { endpoint, part }, stall);

test.skipIf(!isServed)('a real server of S3 keeps, lists, resumes and never replaces', async () => {
  const remote = open('s3', 'below/here');
  expect(await remote.size('results/a')).toBe(undefined);
  await expect(remote.read('results/a', 0)).rejects.toThrow(NotThere);
  const both = await Promise.all(['first', 'other'].map((text) => remote.write!('results/a', textContent(text))));
  expect(both.sort()).toEqual(['there', 'written']);
  expect(await remote.write!('results/a', textContent('third'))).toBe('there');
  expect((await bytesOf(await remote.read('results/a', 1))).toString()).toMatch(/^(irst|ther)$/);

  const bytes = 2 * part + 12_345;
  const file = join(root, 'blob');
  writeFileSync(file, noise(bytes, 1));
  const ref = { sha256: sha256(readFileSync(file)), bytes };
  const path = contentPath(ref.sha256);
  const content = fileContent(file, bytes, ref.sha256);
  // The last part cannot be read: the two before it are sent.
  const cut = {
    ...content,
    open: (from: number, to?: number) =>
      from >= 2 * part ? content.open(0, 0).destroy(new Error('cut')) : content.open(from, to),
  };
  await expect(remote.write!(path, cut)).rejects.toThrow('cut');
  expect(await remote.size(path)).toBe(undefined);
  let sent = 0;
  proxy.fault = ({ method, headers }) => {
    if (method === 'PUT') sent += Number(headers['content-length']);
    return undefined;
  };
  expect(await open('s3', 'below/here', proxy.url).write!(path, content)).toBe('written');
  expect(sent).toBe(12_345);
  writeFileSync(join(root, 'to'), readFileSync(file).subarray(0, 7_654_321));
  await fetchObject(remote, ref, join(root, 'to'));
  expect(sha256(readFileSync(join(root, 'to')))).toBe(ref.sha256);
  const listed: string[] = [];
  for await (const one of remote.list!('blobs/')) listed.push(`${one.path} ${one.bytes}`);
  expect(listed).toEqual([`${path} ${bytes}`]);
  await remote.sweep!(0);
  await remote.remove!(path);
  expect(await remote.size(path)).toBe(undefined);
});

test.skipIf(!isServed)(
  'of random faults before a real server of S3 nothing is lost, half visible or wrongly accepted',
  { timeout: 60_000 + faults * 5_000 },
  async () => {
    const results = await faultCampaign({
      ...{ root, proxy, faults },
      open: (name) => [open(name, 'faults', proxy.url, 1000)],
      straight: open('straight', 'faults'),
      patience: { attempts: 12, delay: 1, stall: 1000 },
      // A large one now and then, which goes in parts.
      sizes: (round) => [round % 8 === 1 ? part + 1000 : 400, 300],
    });
    expect(results).toBeGreaterThan(0);
  },
);

test.skipIf(!isServed).each([1, -1])('its time is told by the server where ours is %i hours off', async (hours) => {
  const remote = open('s3', 'clock');
  const off = hours * 3_600_000;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + off });
  try {
    await remote.size('nothing');
    const wrong = Date.now() - off - (await remote.now!());
    expect(Math.abs(wrong)).toBeLessThan(60_000);
  } finally {
    vi.useRealTimers();
  }
});
