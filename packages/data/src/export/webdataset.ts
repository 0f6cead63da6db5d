import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeAtomically } from '@selfsup/engine/files';
import { Interrupted } from '@selfsup/engine/stage';
import { pack } from 'tar-stream';
import type { ExportOptions } from './options.ts';
import { sampleOf } from './sample.ts';

/** The same files have the same bytes whenever they are written. */
const always = { mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '', mode: 0o644 };

/**
 * Writes splits as WebDataset shards: `<split>-000000.tar` and so on, in which each image is `<key>.jpg` or `.png` with
 * `<key>.cls` (class index as text), `<key>.json` (label, class, path, size, boxes) and `<key>.mask.png` beside it. The
 * shards load in Python's webdataset and tarfile. A shard gets its name when it is whole; shards of the same data set
 * have the same bytes each time. Returns the paths; throws `Interrupted` on abort.
 */
export async function exportWebdataset({
  dataset,
  splits,
  to,
  shardBytes,
  progress,
  signal,
}: ExportOptions): Promise<string[]> {
  await mkdir(to, { recursive: true });
  const paths: string[] = [];
  for (const split of splits) {
    const count = dataset.count(split);
    const phase = progress.phase(`export ${split}`, count, 'images');
    for (let next = 0, shard = 0; next < count; shard++) {
      const path = join(to, `${split}-${String(shard).padStart(6, '0')}.tar`);
      const partial = `${path}.partial-${process.pid}`;
      const tar = pack();
      const written = pipeline(tar, createWriteStream(partial));
      written.catch(() => undefined); // awaited below
      const put = (name: string, content: Buffer | string): Promise<void> =>
        new Promise((resolve, reject) => {
          tar.entry({ name, ...always }, content, (error) => (error ? reject(error) : resolve()));
        });
      try {
        let bytes = 0;
        for (; next < count && bytes < shardBytes; next++) {
          if (signal.aborted) throw new Interrupted('The export was stopped; whole shards were kept.');
          const sample = await sampleOf(dataset, split, next);
          const key = String(next).padStart(8, '0');
          await put(`${key}.${sample.extension}`, sample.image);
          if (sample.label >= 0) await put(`${key}.cls`, String(sample.label));
          await put(`${key}.json`, JSON.stringify(sample.facts));
          if (sample.mask !== undefined) await put(`${key}.mask.png`, sample.mask);
          bytes += sample.image.length;
          phase.advance(1);
        }
        tar.finalize();
        await written;
        await rename(partial, path);
        paths.push(path);
      } finally {
        tar.destroy();
        await rm(partial, { force: true });
      }
    }
    phase.done();
  }
  const { name, classes, digest, statistics } = dataset.manifest;
  await writeAtomically(
    join(to, 'dataset.json'),
    `${JSON.stringify({ name, digest, classes, statistics }, null, 2)}\n`,
  );
  return paths;
}
