import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
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

/** Puts a result there that was computed from others, so many hours ago. */
async function result(name: string, hours: number, ...needs: string[]): Promise<string> {
  const key = sha256(name);
  const roles = Object.fromEntries(needs.map((need) => [need, sha256(`output of ${need}`)]));
  const manifest = JSON.stringify({ name, keyParts: { needs: roles } });
  const ref = { sha256: sha256(manifest), bytes: manifest.length };
  const computed = { host: 'h', finished: '' };
  const outputDigest = sha256(`output of ${name}`);
  const facts = { schema: 1 as const, key, outputDigest, label: `toy/${name}`, computed, places: [] };
  await put(contentPath(ref.sha256), manifest, hours);
  await put(recordPath(key), sealed({ ...facts, files: { 'manifest.json': ref }, blobs: {} }), hours);
  await put(`names/toy/${name}/${key}.abc`, '', hours);
  return key;
}

/** Where the content of a result without needs lies. */
const contentOf = (name: string): string => contentPath(sha256(JSON.stringify({ name, keyParts: { needs: {} } })));

const pathsOf = async (ages: { content: number; results?: number }): Promise<string[]> =>
  (await findRemoteGarbage(remote, ages, {})).map(({ path }) => path);

test('content goes that no result names and that is old; results go by age, their names and content with them', async () => {
  const young = await result('young', 2);
  const old = await result('old', 50);
  const [lost, fresh] = [sha256('lost'), sha256('fresh')];
  const nameOfNone = `names/toy/lost/${lost}.abc`;
  await put(contentPath(lost), 'lost', 30);
  await put(contentPath(fresh), 'fresh', 1);
  await put(nameOfNone, '', 30);
  expect(await pathsOf({ content: 24 * hour })).toEqual([nameOfNone, contentPath(lost)]);
  const ages = { content: 24 * hour, results: 48 * hour };
  const found = await findRemoteGarbage(remote, ages, {});
  const ofOld = [recordPath(old), `names/toy/old/${old}.abc`, contentOf('old')];
  expect(found.map(({ path }) => path).sort()).toEqual([...ofOld, nameOfNone, contentPath(lost)].sort());
  // Whoever reads meanwhile finds no result, rather than one without its content.
  expect(found[0]!.path).toBe(recordPath(old));
  writeFileSync(join(root, 'arriving', `${lost}.h.1.abcdefgh`), 'half');
  await removeRemoteGarbage(remote, found, ages, {});
  expect(await remote.size(recordPath(young))).toBeGreaterThan(0);
  expect(await remote.size(contentOf('young'))).toBeGreaterThan(0);
  for (const { path } of found) expect(existsSync(join(root, path))).toBe(false);
  expect(readdirSync(join(root, 'arriving'))).toHaveLength(1);
});

test('content that a push names once it was found stays', async () => {
  await put(contentOf('late'), JSON.stringify({ name: 'late', keyParts: { needs: {} } }), 50);
  const lost = contentPath(sha256('lost'));
  await put(lost, 'lost', 50);
  const found = await findRemoteGarbage(remote, { content: 24 * hour }, {});
  expect(found.map(({ path }) => path).sort()).toEqual([contentOf('late'), lost].sort());
  await result('late', 0);
  const removed = await removeRemoteGarbage(remote, found, { content: 24 * hour }, {});
  expect(removed.map(({ path }) => path)).toEqual([lost]);
  expect(await remote.size(contentOf('late'))).toBeGreaterThan(0);
});

test('an old result stays while a younger one needs it, and what that needs in turn', async () => {
  await result('pretrain', 50);
  await result('features', 50, 'pretrain');
  await result('probe', 2, 'features');
  const alone = await result('alone', 50);
  const ages = { content: 24 * hour, results: 48 * hour };
  expect(await pathsOf(ages)).toEqual([recordPath(alone), `names/toy/alone/${alone}.abc`, contentOf('alone')]);
  expect(await pathsOf({ content: hour, results: hour })).toHaveLength(12);
  await remote.remove!(contentOf('pretrain'));
  await expect(findRemoteGarbage(remote, ages, {})).rejects.toThrow(/what is in use cannot be known/);
});

test('ages count by the time of the disk, whatever the clock here says', async () => {
  const year = 365 * 24 * hour;
  await result('young', 2);
  await put(contentPath(sha256('fresh')), 'fresh', 1);
  await put(contentPath(sha256('lost')), 'lost', 30);
  const arriving = join(root, 'arriving', `${sha256('arriving')}.of-another-machine`);
  writeFileSync(arriving, 'arr');
  for (const shift of [year, -hour]) {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + shift });
    try {
      remote = folderRemote('team', root);
      expect(await pathsOf({ content: 24 * hour, results: 48 * hour })).toEqual([contentPath(sha256('lost'))]);
      await removeRemoteGarbage(remote, [], { content: 24 * hour }, {});
      expect(existsSync(arriving)).toBe(true);
      // Somebody is about to name it: its age begins anew.
      await remote.write!(contentPath(sha256('fresh')), textContent('fresh'));
      expect(Math.abs(statSync(join(root, contentPath(sha256('fresh')))).mtimeMs - (await remote.now!()))).toBeLessThan(
        60_000,
      );
    } finally {
      vi.useRealTimers();
    }
  }
});

test('records behind a link count, and while one leads nowhere nothing goes', async () => {
  const linked = recordPath(await result('one', 50))
    .split('/')
    .slice(0, 2)
    .join('/');
  renameSync(join(root, linked), join(root, 'elsewhere'));
  symlinkSync(join(root, 'elsewhere'), join(root, linked));
  expect(await pathsOf({ content: hour })).toEqual([]);
  rmSync(join(root, 'elsewhere'), { recursive: true });
  const trying = { patience: { attempts: 2, delay: 1, stall: 1000 } };
  await expect(findRemoteGarbage(remote, { content: hour }, trying)).rejects.toThrow(/ENOENT/);
  rmSync(join(root, linked));
  await put('results/ab/of-a-later-layout', '', 50);
  await expect(findRemoteGarbage(remote, { content: hour }, trying)).rejects.toThrow(/no name of a record/);
});

test.each([
  ['torn', (text: string) => text.slice(0, 40), /torn/],
  ['of a newer version', (text: string) => text.replace('"schema": 1', '"schema": 2'), /newer Selfsup/],
])('while a record is %s nothing goes, and it is named', async (_how, change, why) => {
  const key = await result('one', 50);
  await put(contentPath(sha256('lost')), 'lost', 100);
  writeFileSync(join(root, recordPath(key)), change(readFileSync(join(root, recordPath(key)), 'utf8')));
  const trying = { patience: { attempts: 3, delay: 1, stall: 1000 } };
  await expect(findRemoteGarbage(remote, { content: hour }, trying)).rejects.toThrow(why);
  await expect(findRemoteGarbage(remote, { content: hour }, trying)).rejects.toMatchObject({
    file: expect.stringContaining(recordPath(key)),
  });
});
