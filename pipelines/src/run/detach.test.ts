import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLmdb } from '@selfsup/data/testing/internals';
import { detach } from './detach.ts';

let folder: string;
let stopped: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'detach-'));
});
afterEach(() => {
  stopped?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('a process that is stopped in a commit holds up nobody, and spoils nothing when it goes on', async () => {
  const path = join(folder, 'files', 'lmdb');
  const code = `import { open } from ${JSON.stringify(import.meta.resolve('lmdb'))};
    const database = open(${JSON.stringify(path)}, { encoding: 'binary', noSubdir: false, maxDbs: 1 });
    database.transactionSync(() => database.putSync('whole', Buffer.from('committed')));
    database.transactionSync(() => {
      database.putSync('half', Buffer.from('not yet'));
      console.log('inside');
      process.kill(process.pid, 'SIGSTOP');
    });
    console.log('committed');`;
  stopped = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'pipe' });
  await once(stopped.stdout!, 'data');
  await detach(join(folder, 'files'));
  const database = openLmdb(path, false);
  database.transactionSync(() => void database.putSync('mine', Buffer.from('here')));
  const ended = once(stopped, 'close');
  stopped.kill('SIGCONT');
  await ended;
  const values = ['whole', 'half', 'mine'].map((key) => database.getBinary(key)?.toString());
  expect(values).toEqual(['committed', undefined, 'here']);
  await database.close();
});

test('files keep their content, and what a killed copying left goes', async () => {
  mkdirSync(join(folder, 'checkpoints'));
  writeFileSync(join(folder, 'checkpoints', 'step-1.safetensors'), 'weights');
  writeFileSync(join(folder, 'checkpoints', 'step-1.safetensors.detached.tmp'), 'wei');
  await detach(folder);
  await detach(join(folder, 'not there'));
  expect(readdirSync(join(folder, 'checkpoints'))).toEqual(['step-1.safetensors']);
  expect(readFileSync(join(folder, 'checkpoints', 'step-1.safetensors'), 'utf8')).toBe('weights');
});
