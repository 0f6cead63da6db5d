import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { userError } from '../testing/workplace.ts';
import { openLmdb } from './lmdb-folder.ts';
import { hasEnvironment, makeEnvironment } from './new-environment.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'new-environment-'));

test.each([0, 100, 4096])('one is made in the place of what a crash has left: %i bytes of data', async (bytes) => {
  const above = newFolder();
  const folder = join(above, 'lmdb');
  mkdirSync(folder);
  writeFileSync(join(folder, 'data.mdb'), new Uint8Array(bytes));
  mkdirSync(`${folder}.new`);
  writeFileSync(join(`${folder}.new`, 'data.mdb'), new Uint8Array(bytes));
  expect(hasEnvironment(folder)).toBe(false);
  // What Node says on such a wish must not be taken for what LMDB says.
  vi.stubEnv('NODE_OPTIONS', '--inspect=0');
  await makeEnvironment(folder).finally(() => vi.unstubAllEnvs());
  expect(hasEnvironment(folder)).toBe(true);
  expect(readdirSync(above)).toEqual(['lmdb']);
  const database = openLmdb(folder, false);
  database.putSync('key', Buffer.from('value'));
  expect(database.getBinary('key')!.toString()).toBe('value');
  await database.close();
});

test('a folder that cannot be made is named', async () => {
  const file = join(newFolder(), 'file');
  writeFileSync(file, '');
  expect(await userError(makeEnvironment(join(file, 'lmdb')))).toMatch(/ENOTDIR.*\n.*file\/lmdb\.new.*\n.*remedy: /);
});
