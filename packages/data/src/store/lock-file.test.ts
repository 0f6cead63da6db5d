import { mkdirSync, mkdtempSync, statSync, truncateSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLmdb } from './lmdb-folder.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'lock-file-'));

test('a file of locks that cannot be made is an error in words, where lmdb crashes', () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'lock.mdb'));
  expect(() => openLmdb(folder, false)).toThrow(/locks cannot be made: EISDIR/);
});

test('one that is missing is made for reading too', async () => {
  const folder = newFolder();
  await openLmdb(folder, false).close();
  unlinkSync(join(folder, 'lock.mdb'));
  await openLmdb(folder, true).close();
  expect(statSync(join(folder, 'lock.mdb')).size).toBe(16_384);
});

test('one that a full disk left short is made whole, and LMDB takes it; one that is whole stays as it is', async () => {
  const folder = newFolder();
  const path = join(folder, 'lock.mdb');
  for (const size of [100, 8272, 20_000]) {
    const database = openLmdb(folder, false);
    await database.close();
    truncateSync(path, size);
    const again = openLmdb(folder, false);
    again.putSync('size', Buffer.from(String(size)));
    expect(again.getBinary('size')!.toString()).toBe(String(size));
    await again.close();
    expect(statSync(path).size).toBe(size < 8192 ? size + 16_384 : size);
  }
});
