import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createFeaturesFile } from './features-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'selfsup-features-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['in-the-way/x.npy', 'nowhere/x.csv'])('%s cannot be written, and is named', async (name) => {
  writeFileSync(join(folder, 'in-the-way'), '');
  const refused = expect.objectContaining({ name: 'UserError', file: join(folder, name) });
  await expect(createFeaturesFile(join(folder, name), 3)).rejects.toEqual(refused);
});
