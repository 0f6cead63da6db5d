import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from '@selfsup/engine/files';
import { describe, expect, it } from 'vitest';
import { fileDigest, folderDigest } from './fingerprint.ts';
import { writeTree } from './testing/archives.ts';
import { workplace } from './testing/workplace.ts';

const folder = await workplace();
const cache = join(folder, 'cache');
const lastYear = new Date('2025-01-01T00:00:00Z');

async function fileOf(name: string, content: string | Buffer, time = lastYear): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  await utimes(path, time, time);
  return path;
}

describe('fileDigest', () => {
  it('is the sha256 of the content, or of the unpacked content', async () => {
    expect(await fileDigest(await fileOf('a', 'abc'), cache)).toBe(sha256('abc'));
    const packed = await fileOf('a.gz', gzipSync('abc'));
    expect(await fileDigest(packed, cache, true)).toBe(sha256('abc'));
    expect(await fileDigest(packed, cache)).toBe(sha256(await readFile(packed)));
  });

  it('reads a file again only when its size or time has changed', async () => {
    const path = await fileOf('b', 'first');
    await fileDigest(path, cache);
    await fileOf('b', 'other'); // same size, same time: taken for the same
    expect(await fileDigest(path, cache)).toBe(sha256('first'));
    await fileOf('b', 'other', new Date('2025-01-02T00:00:00Z'));
    expect(await fileDigest(path, cache)).toBe(sha256('other'));
    await fileOf('b', 'longer', new Date('2025-01-02T00:00:00Z'));
    expect(await fileDigest(path, cache)).toBe(sha256('longer'));
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
    expect(await fileDigest(await fileOf('d', 'abc'), join(folder, 'cache-2'))).toBe(sha256('abc'));
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
});
