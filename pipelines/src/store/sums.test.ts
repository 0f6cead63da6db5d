import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { namedDigests } from '../gc/named-digests.ts';
import { readPublished } from '../results/read-published.ts';
import { publishSample } from '../testing/published-sample.ts';
import { damageOf, readManifest } from './manifest.ts';
import { blobPath, isWhole } from './store.ts';
import { damageIn, damages, refuseDamage } from './sums.ts';

let root: string;
let folder: string;
const store = (): string => join(root, 'store');
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sums-'));
  const sample = { key: 'a'.repeat(64), label: 'toy/base/seed-1/pretrain', checkpoint: Buffer.from('weights') };
  ({ folder } = await publishSample(root, sample));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('digests of all published files stand beside them, as sha256sum writes them', () => {
  const names = ['curve.json', 'manifest.json', 'metrics.json', 'run.json'];
  const digest = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  const text = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
  expect(text).toBe(names.map((name) => `${digest(name)}  ${name}\n`).join(''));
  expect(readdirSync(folder).sort()).toEqual(['SHA256SUMS', ...names]);
  expect(damageIn(folder)).toBeUndefined();
});

test('each byte of a published folder that is altered is noticed, in all but a line of digests by the name of its file', () => {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1 << (at % 8);
      writeFileSync(path, altered);
      const found = damageIn(folder);
      if (name === 'SHA256SUMS') expect(found, `byte ${at}`).toBeDefined();
      else expect(found, `byte ${at} of ${name}`).toBe(`${name} was altered since it was published`);
    }
    writeFileSync(path, bytes);
  }
  expect(damageIn(folder)).toBeUndefined();
});

test('a damaged result is not done, is refused by reports and listings, and gc then removes nothing', async () => {
  const manifest = readManifest(folder)!;
  expect(await damageOf(manifest, folder, store())).toBeUndefined();
  rmSync(join(folder, 'curve.json'));
  expect(await damageOf(manifest, folder, store())).toBe('curve.json is gone');
  expect(() => refuseDamage(folder)).toThrow(/damaged: curve\.json is gone/);
  expect(readPublished(folder)).toMatchObject({ manifest: undefined, faults: ['curve.json is gone'] });
  expect(namedDigests({ root, store: store() })).toContain(manifest.blobs.checkpoint!.sha256);
  const text = readFileSync(join(folder, 'manifest.json'), 'utf8');
  writeFileSync(join(folder, 'manifest.json'), text.replace(/"sha256": "./, '"sha256": "f'));
  expect(() => namedDigests({ root, store: store() })).toThrow(/Nothing is removed.*manifest\.json was altered/);
  expect([...damages(folder)]).toHaveLength(2);
});

test('a result of an earlier version, without digests, is done as long as its files are there', async () => {
  rmSync(join(folder, 'SHA256SUMS'));
  const manifest = readManifest(folder)!;
  expect(await damageOf(manifest, folder, store())).toBeUndefined();
  rmSync(join(folder, 'metrics.json'));
  expect(await damageOf(manifest, folder, store())).toBe('metrics.json is gone');
});

test('what a disk loses by itself is found when a blob is read afresh, and from then on by everyone', async () => {
  const { sha256 } = readManifest(folder)!.blobs.checkpoint!;
  const path = blobPath(store(), sha256);
  rmSync(path);
  writeFileSync(path, 'weightz');
  // As if it had always looked so.
  const { size, mtimeMs, ctimeMs, ino } = statSync(path);
  const seen = join(store(), 'verified', sha256.slice(0, 2), `${sha256}.json`);
  writeFileSync(seen, JSON.stringify({ '': { sha256, size, modified: mtimeMs, changed: ctimeMs, inode: ino } }));
  expect(await isWhole(store(), sha256)).toBe(true);
  expect(await isWhole(store(), sha256, true)).toBe(false);
  expect(await isWhole(store(), sha256)).toBe(false);
});
