import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { Manifest } from '../store/manifest.ts';
import { blobPath } from '../store/store.ts';
import { setWritable, stranger } from '../testing/workspace.ts';

const program = fileURLToPath(new URL('../../bin/selfsup.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'selfsup-inspect-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function selfsup(...args: string[]): Promise<{ code: number; output: string }> {
  return selfsupAs(undefined, ...args);
}

/** As another user, whose cache is a folder of this test. */
function selfsupAs(user: number | undefined, ...args: string[]): Promise<{ code: number; output: string }> {
  const other = user === undefined ? {} : { HOME: folder, SELFSUP_CACHE: join(folder, 'cache') };
  const env = { ...process.env, SELFSUP_ARTIFACTS: join(folder, 'artifacts'), ...other };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { env, maxBuffer: 2 ** 26, ...(user && { uid: user, gid: user }) },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
      },
    );
  });
}

test('inspect shows what a dataset holds and writes a sheet; export writes it for other tools', async () => {
  const early = await selfsup('inspect', 'shapes');
  expect(early).toMatchObject({
    code: 1,
    output: expect.stringMatching(/not been ingested[^]*npx selfsup ingest shapes/),
  });
  expect((await selfsup('inspect', 'shape')).output).toMatch(/no dataset 'shape'[^]*Did you mean shapes/);
  expect((await selfsup('ingest', 'shapes')).code).toBe(0);
  expect(existsSync(join(folder, 'artifacts/shapes/ingest/contact-sheet.png'))).toBe(true);

  const sheet = join(folder, 'sheet.png');
  const { output, code } = await selfsup('inspect', 'shapes', '--sheet', sheet, '--verify');
  expect(code).toBe(0);
  expect(output).toMatch(/raw, 32 × 32 × 3; 38 MB/);
  expect(output).toMatch(/test {5}2,000\n {2}train {4}10,000/);
  expect(output).toMatch(/Classes of train\n {2}10 classes of 1,000 each/);
  expect(output).toMatch(/mean \d+\.\d+, \d+\.\d+, \d+\.\d+ {2}\(of 1: 0\.\d{4}/);
  expect(output).toMatch(/Left out\n {2}none/);
  expect(output).toMatch(/Verified: all records match/);
  expect([...readFileSync(sheet).subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
  const json = await selfsup('inspect', 'shapes', '--json');
  expect((JSON.parse(json.output) as { splits: object }).splits).toMatchObject({ train: { count: 10000 } });

  const exported = await selfsup('export', 'shapes', '--split', 'test', '--to', join(folder, 'out'));
  expect(exported).toMatchObject({ code: 0, output: expect.stringMatching(/WebDataset: 1 shards/) });
  expect(existsSync(join(folder, 'out/shapes/test-000000.tar'))).toBe(true);
  expect((await selfsup('export', 'shapes', '--format', 'tfjs')).output).toMatch(
    /cannot be written as tfjs[^]*webdataset, folder/,
  );
  expect((await selfsup('export', 'shapes', '--split', 'val')).output).toMatch(/no split "val"[^]*test, train/);

  // A byte in a record, or in the filling of a page, and one of what is beside the records.
  const { blobs } = JSON.parse(readFileSync(join(folder, 'artifacts/shapes/ingest/manifest.json'), 'utf8')) as Manifest;
  const blob = blobPath(join(folder, 'artifacts/store'), blobs['lmdb']!.sha256);
  for (const [name, at, words] of [
    ['data.mdb', 0, /Record image\S+ .* does not match its checksum|records of the dataset 'shapes' were altered/],
    ['data.mdb', 2048, /Record image\S+ .* does not match its checksum|records of the dataset 'shapes' were altered/],
    ['dataset-manifest.json', 0, /dataset-manifest\.json/],
  ] as const) {
    const content = readFileSync(join(blob, name));
    const altered = Buffer.from(content);
    altered[(altered.length >> 1) + at]! ^= 1;
    chmodSync(join(blob, name), 0o644);
    writeFileSync(join(blob, name), altered);
    const [plain, verified] = [await selfsup('inspect', 'shapes'), await selfsup('inspect', 'shapes', '--verify')];
    expect(plain).toMatchObject({ code: 1, output: expect.stringContaining("of the dataset 'shapes' were altered") });
    expect(verified).toMatchObject({ code: 1, output: expect.stringMatching(words) });
    writeFileSync(join(blob, name), content);
  }

  // The same from artifacts that can only be read, as another user where the tests are root's.
  chmodSync(folder, 0o777);
  for (const name of ['cache', 'mine']) mkdirSync(join(folder, name), { mode: 0o777 });
  for (const name of ['cache', 'mine']) chmodSync(join(folder, name), 0o777);
  setWritable(join(folder, 'artifacts'), false);
  try {
    const seen = await selfsupAs(stranger(), 'inspect', 'shapes');
    expect(seen).toMatchObject({
      code: 0,
      output: expect.stringMatching(/10 classes of 1,000 each[^]*Contact sheet: /),
    });
    const to = join(folder, 'mine');
    const written = await selfsupAs(stranger(), 'export', 'shapes', '--split', 'test', '--to', to);
    expect(written).toMatchObject({ code: 0, output: expect.stringMatching(/WebDataset: 1 shards/) });
  } finally {
    setWritable(join(folder, 'artifacts'), true);
  }
}, 180_000);
