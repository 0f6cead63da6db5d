import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { Progress } from '@selfsup/kit/progress';
import { Interrupted } from '@selfsup/kit/stage';
import { openDataset } from '../dataset.ts';
import { imageKey, keysUnder, labelsKey, openLmdb } from '../store/lmdb-folder.ts';
import { manifestFile } from '../store/manifest.ts';
import { cifarBinary, writeTree } from '../testing/archives.ts';
import { ingestSection, quietProgress, userError, workplace } from '../testing/workplace.ts';
import { checkDatasetConfig } from './dataset-config.ts';
import { ingest, type IngestOptions } from './ingest.ts';
import { verifyDataset } from './verify-dataset.ts';

const folder = await workplace();
const section = { type: 'shapes', size: 8, channels: 1, train: 8000, test: 500, seed: 4 };

async function options(workFolder: string, more: Partial<IngestOptions> = {}): Promise<IngestOptions> {
  return {
    name: 'child',
    config: await checkDatasetConfig({ sources: [section] }),
    workFolder: join(folder, workFolder),
    progress: quietProgress(),
    signal: new AbortController().signal,
    datasetFolder: folder,
    ...more,
  };
}

/** A process that ingests and kills itself after so many commits. */
const child = (workFolder: string, killAfter: number) =>
  execa(
    process.execPath,
    [
      '--import',
      'tsx',
      join(import.meta.dirname, '..', 'testing', 'ingest-child.ts'),
      join(folder, workFolder),
      JSON.stringify({ sources: [section] }),
      String(killAfter),
    ],
    { reject: false },
  );

async function committed(workFolder: string): Promise<number> {
  const database = openLmdb(join(folder, workFolder, 'lmdb'), true);
  const count = database.getCount(keysUnder('image'));
  await database.close();
  return count;
}

/** A progress that counts the images of an ingestion. */
function counting(): { progress: Progress; advanced: () => number } {
  let images = 0;
  const phase = (name: string) => ({
    advance: (amount: number) => void (images += name === 'ingest' ? amount : 0),
    done: () => undefined,
  });
  return { progress: { ...quietProgress(), phase }, advanced: () => images };
}

/** Ingests until the first commit and is stopped there: how many images were kept. */
async function stoppedAfter(workFolder: string, more: Partial<IngestOptions> = {}): Promise<number> {
  const controller = new AbortController();
  const phase = () => ({ advance: () => controller.abort(), done: () => undefined });
  const stopped = ingest(
    await options(workFolder, { ...more, signal: controller.signal, progress: { ...quietProgress(), phase } }),
  );
  await expect(stopped).rejects.toBeInstanceOf(Interrupted);
  return committed(workFolder);
}

describe('ingest', () => {
  it('goes on after kill -9 at the last commit and ends with the same digest', async () => {
    const whole = await ingest(await options('whole'));
    for (const commits of [1, 3]) {
      expect((await child('killed', commits)).signal).toBe('SIGKILL');
      expect(existsSync(join(folder, 'killed', 'lmdb', manifestFile))).toBe(false);
      expect(() => openDataset(join(folder, 'killed', 'lmdb'))).toThrow(/No complete dataset/);
    }
    const before = await committed('killed');
    expect(before).toBeGreaterThanOrEqual(4 * 2000); // a commit comes after at least 2000 records
    expect(before).toBeLessThan(8500);
    const { progress, advanced } = counting();
    const resumed = await ingest(await options('killed', { progress }));
    expect(advanced()).toBe(8500 - before);
    expect(resumed.manifest).toEqual(whole.manifest);
  });

  it('stops when asked, and goes on', async () => {
    expect(await stoppedAfter('stopped')).toBeGreaterThanOrEqual(2000);
    const { manifest } = await ingest(await options('stopped'));
    expect(manifest.splits['train']!.count).toBe(8000);
  });

  it('leaves nothing to go on with where it ended before it stored an image', async () => {
    const stopped = ingest(await options('nothing', { signal: AbortSignal.abort() }));
    await expect(stopped).rejects.toThrow(Interrupted);
    expect(existsSync(join(folder, 'nothing', 'lmdb'))).toBe(false);
    expect(existsSync(join(folder, 'nothing'))).toBe(true);
    expect(existsSync(join(folder, 'stopped', 'lmdb'))).toBe(true);
  });

  it('goes on where only what changes no record was changed', async () => {
    const configOf = (atMost: number) =>
      checkDatasetConfig({ sources: [{ ...section, train: 2100, test: 100 }], quarantine: { atMost } });
    const before = await stoppedAfter('lenient', { config: await configOf(0) });
    const { progress, advanced } = counting();
    await ingest(await options('lenient', { config: await configOf(0.5), progress }));
    expect([before > 0, advanced()]).toEqual([true, 2200 - before]);
  });

  it('does nothing the second time', async () => {
    const again = await ingest(await options('whole'));
    expect(again.alreadyDone).toBe(true);
    expect(again.manifest.splits['test']!.classCounts).toEqual(Array<number>(10).fill(50));
  });

  it('starts over where source or settings have changed, and says so', async () => {
    const progress = quietProgress();
    const config = await checkDatasetConfig({ sources: [{ ...section, train: 30, test: 10, seed: 5 }] });
    const { manifest, alreadyDone } = await ingest(await options('stopped', { config, progress }));
    expect(alreadyDone).toBe(false);
    expect(manifest.splits['train']!.count).toBe(30);
    expect(progress.notes.join()).toMatch(/changed/);
    expect(existsSync(/What was begun lies in (.*)\.$/m.exec(progress.notes.join('\n'))![1]!)).toBe(true);
  });

  it('notices a damaged record before it calls the dataset whole', async () => {
    const small = { ...section, train: 30, test: 10 };
    const { folder: made } = await ingestSection(folder, 'spoilt', small);
    const database = openLmdb(made, false);
    const bytes = database.getBinary(imageKey('train', 3))!;
    bytes[60]! ^= 1;
    await database.put(imageKey('train', 3), bytes);
    await database.close();
    await rm(join(made, manifestFile));
    expect(await userError(ingestSection(folder, 'spoilt', small))).toMatch(/image\/train\/00000003 .* checksum/);
  });

  it('can be verified when finished, and then any damage is noticed', async () => {
    const small = { ...section, train: 30, test: 10 };
    const damages: Record<string, (bytes: Buffer) => Buffer | undefined> = {
      [imageKey('test', 2)]: (bytes) => Buffer.from(bytes.map((byte, i) => (i === 50 ? byte ^ 1 : byte))),
      [imageKey('test', 3)]: () => undefined,
      [labelsKey('train')]: (bytes) => Buffer.from(bytes.map((byte, i) => (i === 4 ? 9 : byte))),
    };
    for (const [i, [key, damage]] of Object.entries(damages).entries()) {
      const { folder: made, manifest } = await ingestSection(folder, `verified-${i}`, small);
      expect(await verifyDataset(made, quietProgress())).toEqual(manifest);
      const database = openLmdb(made, false);
      const changed = damage(database.getBinary(key)!);
      if (changed === undefined) database.removeSync(key);
      else database.putSync(key, changed);
      await database.close();
      expect(await userError(verifyDataset(made, quietProgress()))).toMatch(/checksum|not what its manifest says/);
    }
  });

  it('says that the disk is full, keeps what it has, and goes on when there is room', async () => {
    // A limit on file size meets the same write error without needing a disk of its own.
    const script = `ulimit -f 400; exec "$@"`;
    const command = [
      process.execPath,
      '--import',
      'tsx',
      join(import.meta.dirname, '..', 'testing', 'ingest-child.ts'),
    ];
    await writeTree(join(folder, 'bins'), cifarBinary(400));
    const config = JSON.stringify({ sources: [{ type: 'cifar10', path: join(folder, 'bins') }] });
    const { exitCode, stderr } = await execa('bash', ['-c', script, 'bash', ...command, join(folder, 'full'), config], {
      reject: false,
    });
    expect(stderr).toMatch(/the disk is full[^]*remedy: Free some space/);
    expect(exitCode).toBe(3);
    const finished = await ingest(await options('full', { config: await checkDatasetConfig(JSON.parse(config)) }));
    expect(finished.manifest.splits['train']!.count).toBe(2000);
  });

  it('refuses a dataset of another schema version with the remedy', async () => {
    const { folder: made } = await ingestSection(folder, 'older', { ...section, train: 20, test: 10 });
    const file = join(made, manifestFile);
    const manifest = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...manifest, schema: 0 }));
    expect(() => openDataset(made)).toThrow(/older version of Selfsup \(schema 0/);
    await writeFile(file, JSON.stringify({ ...manifest, schema: 99 }));
    expect(() => openDataset(made)).toThrow(/newer version/);
  });
});
