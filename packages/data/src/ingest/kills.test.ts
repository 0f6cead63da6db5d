import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { randomKey, uniform } from '@selfsup/kit/random';
import { openDataset, type Dataset } from '../dataset.ts';
import { jpegEncode } from '../pictures/native/pictures.ts';
import { keysUnder, openLmdb } from '../store/lmdb-folder.ts';
import { smoothPixels, tarOf } from '../testing/archives.ts';
import { quietProgress, workplace } from '../testing/workplace.ts';
import { checkDatasetConfig } from './dataset-config.ts';
import { ingest } from './ingest.ts';

/** How often an ingestion is killed; 100 for a campaign: SELFSUP_KILLS=100. */
const kills = Number(process.env['SELFSUP_KILLS'] ?? 4);
const images = 3000;

const folder = await workplace();

/** Records and quarantined images that are on disk. */
function stored(work: string): number {
  const database = openLmdb(join(work, 'lmdb'), true);
  try {
    return database.getCount(keysUnder('image')) + database.getCount(keysUnder('quarantine'));
  } finally {
    void database.close();
  }
}

/** Ingests in a process of its own that is killed after `milliseconds`; gives what it had said to be written. */
function killed(work: string, config: string, milliseconds: number): Promise<{ ended: boolean; acknowledged: number }> {
  const script = join(import.meta.dirname, '..', 'testing', 'ingest-child.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, work, config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      const sums = [...output.matchAll(/acknowledged (\d+)\n/g)].map(([, count]) => Number(count));
      resolve({ ended: code === 0, acknowledged: sums.at(-1) ?? 0 });
    });
  });
}

it(`ends with the same records however often it is killed (${kills} times)`, async () => {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < images; i++) {
    const jpeg = jpegEncode({ pixels: smoothPixels(i, 96, 3), height: 96, width: 96, channels: 3 }, 95);
    files[`${i % 3}/${i}.jpg`] = i % 500 === 7 ? jpeg.subarray(0, 700) : jpeg;
  }
  const tar = join(folder, 'images.tar');
  await writeFile(tar, await tarOf(files));
  const config = JSON.stringify({
    sources: [{ type: 'folder', path: tar }],
    store: { encoding: 'raw', height: 64, width: 64 },
  });
  const whole = await ingest({
    name: 'child',
    config: await checkDatasetConfig(JSON.parse(config)),
    workFolder: join(folder, 'whole'),
    progress: quietProgress(),
    signal: new AbortController().signal,
    datasetFolder: folder,
  });
  const start = performance.now();
  const left = await killed(join(folder, 'left-alone'), config, 600_000);
  const duration = performance.now() - start;
  expect(left).toEqual({ ended: true, acknowledged: images });
  const contents = (dataset: Dataset) => [0, 999, 2000].map((i) => dataset.image('train', i));
  const expected = openDataset(whole.folder);
  const key = randomKey(Number(process.env['SELFSUP_KILL_SEED'] ?? 1), 'kills');
  let done = 0;
  let finished = 0;
  while (done < kills) {
    const work = join(folder, `work-${finished}`);
    await mkdir(work, { recursive: true });
    for (;;) {
      const before = await readFile(join(work, 'lmdb', 'data.mdb')).then(
        () => stored(work),
        () => 0,
      );
      const last = done >= kills;
      const { ended, acknowledged } = await killed(work, config, last ? 600_000 : uniform(key, done) * duration);
      if (ended) break;
      expect(last).toBe(false); // nothing but our kill ends it
      done++;
      const after = await readFile(join(work, 'lmdb', 'data.mdb')).then(
        () => stored(work),
        () => 0,
      );
      // Nothing that was acknowledged is lost, nor what an earlier attempt had written.
      expect(after).toBeGreaterThanOrEqual(before + acknowledged);
    }
    finished++;
    const dataset = openDataset(join(work, 'lmdb'));
    expect(dataset.manifest).toEqual(whole.manifest);
    expect(contents(dataset)).toEqual(contents(expected));
    await dataset.close();
    await rm(work, { recursive: true });
  }
  await expected.close();
  expect(whole.manifest.quarantine).toHaveLength(6);
  if (kills > 10) console.log(`${done} kills, ${finished} ingestions finished`);
}, 3_600_000);
