import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'selfsup-eval-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A new folder that goes when the tests of the file are done. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(root, `${name}-`));
}
