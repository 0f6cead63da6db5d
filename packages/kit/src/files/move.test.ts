import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { otherDisk } from '../testing/disks.ts';
import { move } from './move.ts';

const here = mkdtempSync(join(tmpdir(), 'move-'));
const there = otherDisk();
afterAll(() => {
  for (const folder of [here, there]) if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

for (const [name, target] of [
  ['on the same disk', here],
  ['to another disk', there],
] as const) {
  test.skipIf(target === undefined)(`moves a file and a folder ${name}, and leaves nothing else`, async () => {
    const from = join(here, 'from');
    mkdirSync(join(from, 'deep'), { recursive: true });
    writeFileSync(join(from, 'deep', 'a'), 'a', { mode: 0o444 });
    const to = join(target!, 'to');
    await move(from, to);
    expect(readFileSync(join(to, 'deep', 'a'), 'utf8')).toBe('a');
    expect(statSync(join(to, 'deep', 'a')).mode & 0o777).toBe(0o444);
    expect(existsSync(from)).toBe(false);
    writeFileSync(from, 'new');
    await move(from, join(to, 'deep', 'a'));
    expect(readFileSync(join(to, 'deep', 'a'), 'utf8')).toBe('new');
    expect(readdirSync(target!)).toEqual(['to']);
    // As a rename: what is full is not replaced, and what was to be moved is still there.
    mkdirSync(from);
    await expect(move(from, to)).rejects.toMatchObject({ code: expect.stringMatching(/ENOTEMPTY|EEXIST/) });
    expect(existsSync(from)).toBe(true);
    expect(readdirSync(target!).filter((entry) => entry.startsWith('.'))).toEqual([]);
    rmSync(from, { recursive: true });
    rmSync(to, { recursive: true });
  });
}
