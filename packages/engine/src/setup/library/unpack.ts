import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';

/**
 * Unpacks those entries of a zip file for which `place` gives a path, as streams, into `folder`.
 * Returns the paths written, relative to `folder`. Throws what `yauzl` or `fs` throw.
 */
export async function unpack(
  zipPath: string,
  folder: string,
  place: (entry: string) => string | undefined,
  onBytes: (count: number) => void = () => undefined,
): Promise<string[]> {
  const zip = await yauzl.openPromise(zipPath, { lazyEntries: true, autoClose: false });
  const written: string[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const path = entry.fileName.endsWith('/') ? undefined : place(entry.fileName);
      if (path === undefined) continue;
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      const content: Readable = await zip.openReadStreamPromise(entry);
      content.on('data', (chunk: Buffer) => onBytes(chunk.length));
      const executable = ((entry.externalFileAttributes >>> 16) & 0o111) !== 0;
      await pipeline(content, createWriteStream(target, { mode: executable ? 0o755 : 0o644 }));
      written.push(path);
    }
  } finally {
    zip.close();
  }
  return written;
}
