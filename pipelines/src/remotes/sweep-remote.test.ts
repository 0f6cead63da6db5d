import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { folderRemote } from './folder-remote.ts';
import { contentPath, recordPath, sealed } from './record.ts';
import { textContent, type Remote } from './remote.ts';
import { findRemoteGarbage, removeRemoteGarbage } from './sweep-remote.ts';

const hour = 3_600_000;
let root: string;
let remote: Remote;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sweep-'));
  remote = folderRemote('team', root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function put(path: string, text: string, hours: number): Promise<void> {
  await remote.write!(path, textContent(text));
  const then = new Date(Date.now() - hours * hour);
  utimesSync(join(root, path), then, then);
}

async function result(name: string, hours: number): Promise<string> {
  const key = sha256(name);
  const ref = { sha256: sha256(`content of ${name}`), bytes: 12 };
  const computed = { host: 'h', finished: '' };
  const facts = { schema: 1 as const, key, outputDigest: key, label: `toy/${name}`, computed, places: [] };
  await put(contentPath(ref.sha256), `content of ${name}`, hours);
  await put(recordPath(key), sealed({ ...facts, files: { 'metrics.json': ref }, blobs: {} }), hours);
  await put(`names/toy/${name}/${key}.abc`, '', hours);
  return key;
}

const pathsOf = async (ages: { content: number; results?: number }): Promise<string[]> =>
  (await findRemoteGarbage(remote, ages, {})).map(({ path }) => path);

test('content goes that no result names and that is old; results go by age, their names and content with them', async () => {
  const young = await result('young', 2);
  const old = await result('old', 50);
  const [lost, fresh] = [sha256('lost'), sha256('fresh')];
  await put(contentPath(lost), 'lost', 30);
  await put(contentPath(fresh), 'fresh', 1);
  expect(await pathsOf({ content: 24 * hour })).toEqual([contentPath(lost)]);
  const ages = { content: 24 * hour, results: 48 * hour };
  const found = await findRemoteGarbage(remote, ages, {});
  const ofOld = [recordPath(old), `names/toy/old/${old}.abc`, contentPath(sha256('content of old'))];
  expect(found.map(({ path }) => path).sort()).toEqual([...ofOld, contentPath(lost)].sort());
  // Whoever reads meanwhile finds no result, rather than one without its content.
  expect(found[0]!.path).toBe(recordPath(old));
  writeFileSync(join(root, 'arriving', `${lost}.h.1.abcdefgh`), 'half');
  await removeRemoteGarbage(remote, found, ages, {});
  expect(await remote.size(recordPath(young))).toBeGreaterThan(0);
  expect(await remote.size(contentPath(sha256('content of young')))).toBe(16);
  for (const { path } of found) expect(existsSync(join(root, path))).toBe(false);
  expect(readdirSync(join(root, 'arriving'))).toHaveLength(1);
});

test.each([
  ['torn', (text: string) => text.slice(0, 40), /torn/],
  ['of a newer version', (text: string) => text.replace('"schema": 1', '"schema": 2'), /newer Selfsup/],
])('while a record is %s nothing goes, and it is named', async (_how, change, why) => {
  const key = await result('one', 50);
  await put(contentPath(sha256('lost')), 'lost', 100);
  const { readFileSync } = await import('node:fs');
  writeFileSync(join(root, recordPath(key)), change(readFileSync(join(root, recordPath(key)), 'utf8')));
  const trying = { patience: { attempts: 3, delay: 1, stall: 1000 } };
  await expect(findRemoteGarbage(remote, { content: hour }, trying)).rejects.toThrow(why);
  await expect(findRemoteGarbage(remote, { content: hour }, trying)).rejects.toMatchObject({
    file: expect.stringContaining(recordPath(key)),
  });
});
