// Prints a digest over all records of a database, in order: node lmdb-digest.mjs <file>. It works on a copy, since reading
// leaves a file of locks; in a process of its own, since a damaged database may end it.
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';

const folder = mkdtempSync(join(tmpdir(), 'lmdb-digest-'));
try {
  cpSync(process.argv[2], join(folder, 'data.mdb'));
  const database = open({ path: folder, readOnly: true, encoding: 'binary', keyEncoding: 'binary' });
  const hash = createHash('sha256');
  for (const { key, value } of database.getRange({})) {
    for (const part of [key, value]) hash.update(`${part.length}:`).update(part);
  }
  await database.close();
  console.log(hash.digest('hex'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
