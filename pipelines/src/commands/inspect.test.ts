import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../bin/selfsup.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'selfsup-inspect-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function selfsup(...args: string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, SELFSUP_ARTIFACTS: join(folder, 'artifacts') };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}

test('inspect shows what a data set holds and writes a sheet; export writes it for other tools', async () => {
  const early = await selfsup('inspect', 'shapes');
  expect(early).toMatchObject({
    code: 1,
    output: expect.stringMatching(/not been ingested[^]*npx selfsup ingest shapes/),
  });
  expect((await selfsup('inspect', 'shape')).output).toMatch(/no data set 'shape'[^]*Did you mean shapes/);
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
}, 180_000);
