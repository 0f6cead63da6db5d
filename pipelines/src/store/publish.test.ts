import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { loss } from '@selfsup/kit/metric';
import { otherDisk } from '@selfsup/kit/testing/disks';
import { readRemarks } from '../report/remarks.ts';
import { isComplete, readManifest, readMetrics } from './manifest.ts';
import { publish, putInPlace, sweepScratch, type PublishOptions } from './publish.ts';
import { blobPath, isWhole, storeBlob } from './store.ts';

/** How often publishing is killed: SELFSUP_KILLS=100 for a campaign. */
const kills = Number(process.env['SELFSUP_KILLS'] ?? 5);

let root: string;
let options: PublishOptions;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'publish-'));
  mkdirSync(join(root, 'work'));
  options = {
    folder: join(root, 'published'),
    store: join(root, 'store'),
    scratch: join(root, 'work'),
    manifest: {
      key: 'k',
      keyParts: { uses: 'tasks/toy', seed: 1, config: {}, needs: {}, code: 'c' },
      parts: [],
      code: { key: 'c', files: {}, packages: {} },
      places: [],
      resolvedConfig: {},
    },
    run: { started: '', finished: '', wallSeconds: 0, host: '', cpu: '', node: '', peakMemoryBytes: 0 },
    confirm: () => Promise.resolve(),
  };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function output(name: string, content: string): string {
  writeFileSync(join(root, 'work', name), content);
  return join(root, 'work', name);
}

const lossOf = (value: number) => [{ head: 'pretext', measure: 'loss', ...loss, value }];

test('blobs are addressed by content, small files lie beside the manifest, the digest covers all results', async () => {
  const once = await publish(
    { blobs: { weights: output('w', 'abc') }, files: { 'a/b.json': output('b', '{}') }, metrics: lossOf(1) },
    options,
  );
  expect(once.blobs['weights']).toEqual({ sha256: sha256('abc'), bytes: 3 });
  expect(readFileSync(blobPath(options.store, sha256('abc')), 'utf8')).toBe('abc');
  expect(readFileSync(join(options.folder, 'a/b.json'), 'utf8')).toBe('{}');
  expect(once.files).toEqual({ 'a/b.json': sha256('{}') });
  const message = 'A class was tested on no image.';
  const remarked = await publish({ metrics: lossOf(1), remarks: [{ kind: 'k', message }] }, options);
  expect(readRemarks(options.folder)).toEqual({ warnings: [{ kind: 'k', message }] });
  const plain = await publish({ metrics: lossOf(1) }, options);
  expect(readRemarks(options.folder)).toEqual({});
  expect(remarked.outputDigest).toBe(plain.outputDigest); // said of the result, no part of it
  const other = await publish({ metrics: lossOf(2) }, options);
  expect(other.outputDigest).not.toBe(once.outputDigest);
  expect(existsSync(join(options.folder, 'a'))).toBe(false);
});

test('a metric that is no number is not published', async () => {
  await expect(publish({ metrics: lossOf(NaN) }, options)).rejects.toThrow(/'pretext\/loss' is NaN/);
  expect(existsSync(options.folder)).toBe(false);
});

test('who may publish no more changes nothing, also where an earlier result stands', async () => {
  await publish({ metrics: lossOf(1) }, options);
  const before = readFileSync(join(options.folder, 'manifest.json'), 'utf8');
  const confirm = (): Promise<void> => Promise.reject(new Error('lost'));
  await expect(publish({ metrics: lossOf(2) }, { ...options, confirm })).rejects.toThrow('lost');
  expect(readFileSync(join(options.folder, 'manifest.json'), 'utf8')).toBe(before);
});

test('what a write that was cut off has left in a folder is no part of its content', async () => {
  const folders = ['a', 'b'].map((name) => join(root, 'work', name));
  for (const folder of folders) mkdirSync(folder);
  for (const folder of folders) writeFileSync(join(folder, 'proposals.json'), '{}');
  writeFileSync(join(folders[1]!, '.proposals.json.123.0a1b2c3d.tmp'), '{');
  const [clean, cut] = [await storeBlob(options.store, folders[0]!), await storeBlob(options.store, folders[1]!)];
  expect(cut).toEqual(clean);
  expect(readdirSync(blobPath(options.store, clean.sha256))).toEqual(['proposals.json']);
});

test('a folder blob counts as whole only with every byte of every file', async () => {
  const folder = join(root, 'work', 'features');
  mkdirSync(folder);
  writeFileSync(join(folder, 'train.bin'), 'train');
  writeFileSync(join(folder, 'test.bin'), 'test');
  const { blobs } = await publish({ blobs: { features: folder }, metrics: [] }, options);
  const digest = blobs['features']!.sha256;
  expect(await isWhole(options.store, digest)).toBe(true);
  rmSync(join(blobPath(options.store, digest), 'test.bin'));
  expect(await isWhole(options.store, digest)).toBe(false);
});

async function killLoop(times: number): Promise<void> {
  const url = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
  const script = join(root, 'loop.mts');
  writeFileSync(
    script,
    `import { writeFileSync } from 'node:fs';
    import { publish } from ${url('./publish.ts')};
    const options = { ...${JSON.stringify(options)}, confirm: async () => {} };
    for (let i = 0; ; i++) {
      const make = (name) => { writeFileSync(options.scratch + '/' + name, name + i); return options.scratch + '/' + name; };
      await publish({ blobs: { w: make('w') }, files: { 'x.json': make('x'), 'y.json': make('y') }, metrics: [{ head: 'pretext', measure: 'loss', unit: 'none', better: 'less', value: i }] }, options);
      if (i === 0) console.log('going');
    }`,
  );
  for (let kill = 0; kill < times; kill++) {
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script], { stdio: 'pipe' });
    await once(child.stdout, 'data');
    await sleep(10 + Math.random() * 60);
    child.kill('SIGKILL');
    await once(child, 'exit');
    // One publication had been done: the next runner finds that or a later one, whenever the kill came.
    await sweepScratch(options.scratch, options.folder);
    const manifest = readManifest(options.folder);
    expect(manifest).toBeDefined();
    expect(await isComplete(manifest!, options.folder, options.store)).toBe(true);
    for (const [name, digest] of Object.entries(manifest!.files)) {
      expect(sha256(readFileSync(join(options.folder, name)))).toBe(digest);
    }
    expect(readdirSync(options.scratch).filter((name) => /^(publish|old|gone)-/.test(name))).toEqual([]);
  }
}

test('kill -9 at any moment leaves the old folder, none, or the whole new one', () => killLoop(kills), 900_000);

test('a result that was moved away for one that cannot come stands again', async () => {
  await publish({ metrics: lossOf(1) }, options);
  // Another that has taken the lease over has swept what was to be put in place.
  await expect(putInPlace(join(root, 'work', 'swept'), options.folder, options.scratch)).rejects.toThrow(/ENOENT/);
  expect(readMetrics(options.folder)).toEqual(lossOf(1));
  // Killed between the two renames.
  renameSync(options.folder, join(options.scratch, 'old-12345678'));
  await sweepScratch(options.scratch, options.folder);
  expect(readMetrics(options.folder)).toEqual(lossOf(1));
  renameSync(options.folder, join(options.folder, '..', '.published.across-old'));
  await sweepScratch(options.scratch, options.folder);
  expect(readMetrics(options.folder)).toEqual(lossOf(1));
});

test('content that is stored again is young again, and is not read for that', async () => {
  const first = await publish({ blobs: { w: output('w', 'abc') }, metrics: [] }, options);
  const path = blobPath(options.store, first.blobs['w']!.sha256);
  const before = statSync(path).ctimeMs;
  await sleep(20);
  await publish({ blobs: { w: output('w', 'abc') }, metrics: [] }, options);
  expect(statSync(path).ctimeMs).toBeGreaterThan(before);
  const verified = readdirSync(join(options.store, 'verified'), { recursive: true, encoding: 'utf8' }).find((name) =>
    name.endsWith('.json'),
  )!;
  const seen = JSON.parse(readFileSync(join(options.store, 'verified', verified), 'utf8')) as Record<string, object>;
  expect(seen['']).toMatchObject({ changed: statSync(path).ctimeMs });
});

const other = otherDisk();
afterAll(() => other !== undefined && rmSync(other, { recursive: true, force: true }));

/** The work folder stays where it is; published folder and store lie on another disk. */
function acrossDisks(): void {
  const place = mkdtempSync(join(other!, 'publish-'));
  options = { ...options, folder: join(place, 'published'), store: join(place, 'store') };
}

test.skipIf(other === undefined)('folder and store may lie on other disks than the work folder', async () => {
  acrossDisks();
  for (const loss of [1, 2]) {
    const features = join(root, 'work', 'features');
    mkdirSync(features);
    writeFileSync(join(features, 'train.bin'), `train ${loss}`);
    const blobs = { weights: output('w', `abc ${loss}`), features };
    const manifest = await publish({ blobs, files: { 'b.json': output('b', '{}') }, metrics: lossOf(loss) }, options);
    expect(readManifest(options.folder)).toEqual(manifest);
    expect(await isComplete(manifest, options.folder, options.store)).toBe(true);
    expect(readFileSync(blobPath(options.store, manifest.blobs['weights']!.sha256), 'utf8')).toBe(`abc ${loss}`);
    expect(readdirSync(join(options.folder, '..')).sort()).toEqual(['published', 'store']);
  }
  expect(readdirSync(options.scratch)).toEqual(['b']);
});

test.skipIf(other === undefined)(
  'kill -9 while publishing to another disk leaves the old folder, none, or the whole new one',
  async () => {
    acrossDisks();
    await killLoop(kills);
  },
  900_000,
);

test('metrics of results that an earlier version published are read', async () => {
  await publish({ metrics: lossOf(1) }, options);
  writeFileSync(join(options.folder, 'metrics.json'), JSON.stringify({ 'pretext/loss': 0.5 }));
  expect(readMetrics(options.folder)).toEqual(lossOf(0.5));
});
