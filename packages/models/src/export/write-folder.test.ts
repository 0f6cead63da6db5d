import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { otherDisk } from '@selfsup/kit/testing/disks';
import { writeFiles, writeFolder } from './write-folder.ts';

const here = mkdtempSync(join(tmpdir(), 'write-folder-'));
const there = otherDisk();
afterAll(() => {
  for (const folder of [here, there]) if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

test.skipIf(there === undefined)(
  'a link to a folder on another disk stays one, and what it points to is filled',
  async () => {
    const real = join(there!, 'real');
    mkdirSync(real);
    symlinkSync(real, join(here, 'link'));
    for (const text of ['first', 'second']) {
      await writeFolder(join(here, 'link'), ['a'], (fresh) => writeFiles(fresh, { a: text }));
      expect(readFileSync(join(real, 'a'), 'utf8')).toBe(text);
    }
    expect(lstatSync(join(here, 'link')).isSymbolicLink()).toBe(true);
    expect([readdirSync(here), readdirSync(there!)]).toEqual([['link'], ['real']]);
  },
);

test('a file in the place of the folder above is an error that names it', async () => {
  const file = join(here, 'file');
  writeFileSync(file, '');
  const refused = expect.objectContaining({ name: 'UserError', file: join(file, 'tfjs') });
  await expect(writeFolder(join(file, 'tfjs'), [], () => Promise.resolve())).rejects.toEqual(refused);
  rmSync(file);
});
