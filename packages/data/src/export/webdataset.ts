import { createWriteStream } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { Interrupted } from '@selfsup/kit/stage';
import { claimFolder } from './claim-folder.ts';
import type { ExportOptions } from './options.ts';
import { sampleOf } from './sample.ts';

/** The same files have the same bytes whenever they are written. */
const always = { mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '', mode: 0o644 };

const shardName = (split: string, shard: number): string => `${split}-${String(shard).padStart(6, '0')}.tar`;

/** Removes shards that an earlier export in smaller ones has left behind: they would show images twice. */
async function removeShards(folder: string, split: string, from: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const number = /^.*-(\d{6})\.tar$/.exec(name)?.[1];
    if (number !== undefined && Number(number) >= from && name === shardName(split, Number(number))) {
      await rm(join(folder, name));
    }
  }
}

/**
 * Writes splits as WebDataset shards: `<split>-000000.tar` and so on, in which each image is `<key>.jpg` or `.png` with
 * `<key>.cls` (class index as text), `<key>.json` (label, class, path, size, boxes) and `<key>.mask.png` beside it. The
 * shards load in Python's webdataset and tarfile. A shard gets its name when it is whole; shards of the same dataset
 * have the same bytes each time. Returns the paths; throws `Interrupted` on abort, and `UserError` as `claimFolder` does.
 */
export async function exportWebdataset({
  dataset,
  splits,
  to,
  shardBytes,
  progress,
  signal,
}: ExportOptions): Promise<string[]> {
  await claimFolder(to, dataset);
  const paths: string[] = [];
  for (const split of splits) {
    const count = dataset.count(split);
    const phase = progress.phase(`export ${split}`, count, 'images');
    let shards = 0;
    for (let next = 0; next < count; shards++) {
      const path = join(to, shardName(split, shards));
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
          const sample = sampleOf(dataset, split, next);
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
    await removeShards(to, split, shards);
    phase.done();
  }
  return paths;
}
