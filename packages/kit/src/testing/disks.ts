import { accessSync, constants, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** For tests: a new folder on another disk than the system's temporary folder; undefined, and said, where there is none. */
export function otherDisk(): string | undefined {
  const memory = '/dev/shm';
  try {
    accessSync(memory, constants.W_OK);
    if (statSync(memory).dev !== statSync(tmpdir()).dev) return mkdtempSync(join(memory, 'selfsup-test-'));
  } catch {
    // As where it is the same disk.
  }
  console.log('Skipped: there is no second disk here (/dev/shm).');
  return undefined;
}
