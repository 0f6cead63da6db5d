// Makes an empty LMDB environment in the folder that it is given; says why it cannot.
import { mkdirSync } from 'node:fs';
import { open } from 'lmdb';

const folder = process.argv[2];
try {
  mkdirSync(folder, { recursive: true });
  await open(folder, { encoding: 'binary', noSubdir: false, maxDbs: 1 }).close();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
