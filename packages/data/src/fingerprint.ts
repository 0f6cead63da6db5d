import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { canonicalJson, sha256, sha256File, writeAtomically } from '@selfsup/engine/files';
import { fileStats, filesBelow, unreadable } from './folder-files.ts';

/** A remembered checksum holds while the file keeps its size and time of change. */
interface Remembered {
  readonly state: string;
  readonly sha256: string;
}

/** A file changed in the last seconds may change again without its time showing it: do not remember it yet. */
const settledMilliseconds = 3000;

async function readMemory(file: string): Promise<Record<string, Remembered>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, Remembered>;
  } catch {
    return {}; // missing or spoilt: checksums are computed anew
  }
}

async function remembered(
  cacheFolder: string,
  name: string,
  state: string,
  changed: number,
  compute: () => Promise<string>,
): Promise<string> {
  const memoryFile = join(cacheFolder, 'fingerprints.json');
  const known = (await readMemory(memoryFile))[name];
  if (known?.state === state) return known.sha256;
  const digest = await compute();
  if (Math.abs(Date.now() - changed) > settledMilliseconds) {
    const memory = { ...(await readMemory(memoryFile)), [name]: { state, sha256: digest } };
    await writeAtomically(memoryFile, canonicalJson(memory)).catch(() => undefined); // only a convenience
  }
  return digest;
}

async function gunzippedDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path) as Readable, createGunzip(), hash);
  return hash.digest('hex');
}

/**
 * sha256 of a file's content, read only when its size or time of change differ from those remembered in the cache
 * folder. With `gunzip` it is the digest of the unpacked content, so that two packings of the same bytes agree.
 * Throws `UserError` for one that may not be read, else what `fs` and `zlib` throw.
 */
export async function fileDigest(path: string, cacheFolder: string, gunzip = false): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const name = `${gunzip ? 'gunzip:' : ''}${await realpath(path)}`;
  return remembered(cacheFolder, name, `${size} ${mtimeMs}`, mtimeMs, () =>
    (gunzip ? gunzippedDigest(path) : sha256File(path)).catch((cause: unknown) => {
      throw (cause as NodeJS.ErrnoException).code === 'EACCES' ? unreadable(path, 'The file', cause) : cause;
    }),
  );
}

/**
 * sha256 over the (relative path, content) pairs of files below `folder`, remembered by all their sizes and times.
 * `only` chooses among relative paths with `/` between their parts. Throws `UserError` for a link that leads nowhere.
 */
export async function folderDigest(
  folder: string,
  cacheFolder: string,
  only: (path: string) => boolean,
): Promise<string> {
  const files = (await filesBelow(folder)).paths.filter(only);
  const states: string[] = [];
  let newest = 0;
  for (const file of files) {
    const { size, mtimeMs } = await fileStats(folder, file);
    states.push(`${file} ${size} ${mtimeMs}`);
    newest = Math.max(newest, mtimeMs);
  }
  return remembered(cacheFolder, `folder:${await realpath(folder)}`, sha256(states.join('\n')), newest, async () => {
    const hash = createHash('sha256');
    for (const file of files) {
      const digest = await sha256File(join(folder, file)).catch((cause: unknown) => {
        throw unreadable(folder, file, cause);
      });
      hash.update(`${file}\0${digest}\n`);
    }
    return hash.digest('hex');
  });
}
