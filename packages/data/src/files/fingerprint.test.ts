import { readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { writeTree } from '../testing/archives.ts';
import { workplace } from '../testing/workplace.ts';
import { fileDigest, folderDigest } from './fingerprint.ts';

const folder = await workplace();
const cache = { cacheFolder: join(folder, 'cache') };
const lastYear = new Date('2025-01-01T00:00:00Z');

async function fileOf(name: string, content: string | Buffer, time = lastYear): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  await utimes(path, time, time);
  return path;
}

/** So that files are old enough to be remembered. */
async function inAnHour<A>(run: () => Promise<A>): Promise<A> {
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
  return run().finally(() => now.mockRestore());
}

/** Makes it show which digests are remembered rather than computed. */
async function spoilMemory(): Promise<void> {
  const file = join(cache.cacheFolder, 'fingerprints.json');
  const memory = await readFile(file, 'utf8');
  await writeFile(file, memory.replaceAll(/"sha256":"\w+"/g, '"sha256":"remembered"'));
}

describe('fileDigest', () => {
  it('is the sha256 of the content, or of the unpacked content', async () => {
    expect(await fileDigest(await fileOf('a', 'abc'), cache)).toBe(sha256('abc'));
    const packed = await fileOf('a.gz', gzipSync('abc'));
    expect(await fileDigest(packed, cache, true)).toBe(sha256('abc'));
    expect(await fileDigest(packed, cache)).toBe(sha256(await readFile(packed)));
  });

  it('is remembered, unless all is to be read', async () => {
    const path = await fileOf('b', 'first');
    await inAnHour(() => fileDigest(path, cache));
    await spoilMemory();
    expect(await fileDigest(path, cache)).toBe('remembered');
    expect(await inAnHour(() => fileDigest(path, { ...cache, fullHash: true }))).toBe(sha256('first'));
    expect(await fileDigest(path, cache)).toBe(sha256('first'));
  });

  it('sees a file that was rewritten or replaced by one of the same size and time', async () => {
    const path = await fileOf('e', 'first');
    await inAnHour(() => fileDigest(path, cache));
    await fileOf('e', 'other');
    expect(await inAnHour(() => fileDigest(path, cache))).toBe(sha256('other'));
    await rename(await fileOf('f', 'third'), path);
    expect(await fileDigest(path, cache)).toBe(sha256('third'));
  });

  it('does not trust the time of a file that has only just changed', async () => {
    const now = new Date();
    const path = await fileOf('c', 'first', now);
    await fileDigest(path, cache);
    await fileOf('c', 'other', now);
    expect(await fileDigest(path, cache)).toBe(sha256('other'));
  });

  it('survives a spoilt memory', async () => {
    await writeTree(folder, { 'cache-2/fingerprints.json': Buffer.from('{"x') });
    expect(await fileDigest(await fileOf('d', 'abc'), { cacheFolder: join(folder, 'cache-2') })).toBe(sha256('abc'));
  });
});

describe('folderDigest', () => {
  it('covers names and contents of the chosen files alone', async () => {
    const files = { 'x/1.jpg': Buffer.from('1'), 'y/2.jpg': Buffer.from('2'), readme: Buffer.from('r') };
    const isImage = (path: string): boolean => path.endsWith('.jpg');
    await writeTree(join(folder, 't1'), files);
    await writeTree(join(folder, 't2'), { ...files, readme: Buffer.from('other') });
    await writeTree(join(folder, 't3'), { ...files, 'y/2.jpg': Buffer.from('3') });
    const [one, two, three] = await Promise.all(
      ['t1', 't2', 't3'].map((name) => folderDigest(join(folder, name), cache, isImage)),
    );
    expect(two).toBe(one);
    expect(three).not.toBe(one);
  });

  it('sees two files of the same size and time that have changed places, and remembers the rest', async () => {
    const files = { 'x/1.jpg': Buffer.from('1'), 'y/1.jpg': Buffer.from('2') };
    const tree = join(folder, 'swapped');
    await writeTree(tree, files);
    const paths = Object.keys(files).map((path) => join(tree, path)) as [string, string];
    for (const path of paths) await utimes(path, lastYear, lastYear);
    const digest = (): Promise<string> => inAnHour(() => folderDigest(tree, cache, () => true));
    const before = await digest();
    await spoilMemory();
    expect(await digest()).toBe('remembered');
    await rename(paths[0], join(folder, 'aside'));
    await rename(paths[1], paths[0]);
    await rename(join(folder, 'aside'), paths[1]);
    const after = await digest();
    expect([after.length, after === before]).toEqual([64, false]);
  });
});
