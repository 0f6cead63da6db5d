import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ADDON, engineRoot, tfjsFolder } from '../place.ts';
import { smokeCheck } from './smoke.ts';

test('the engine in place multiplies rightly', async () => {
  const result = await smokeCheck(join(engineRoot(tfjsFolder()) ?? '', ADDON));
  expect(result).toMatchObject({ ok: true, tensorflow: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
});

test('says why an addon does not load', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'selfsup-smoke-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const addon = join(folder, 'broken.node');
  writeFileSync(addon, 'no library');
  expect(await smokeCheck(addon)).toMatchObject({
    ok: false,
    why: expect.stringMatching(/file too short|invalid ELF/),
  });
  const missing = await smokeCheck(join(folder, 'missing.node'));
  expect(missing).toMatchObject({ ok: false, why: expect.stringContaining('cannot open shared object file') });
});
