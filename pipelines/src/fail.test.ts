import { writeFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { fail } from './fail.ts';

afterEach(() => vi.restoreAllMocks());

test('a disk that is full where nobody looked for it is said with what to do, another error with where it happened', () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  let full: unknown;
  try {
    writeFileSync('/dev/full', 'x');
  } catch (error) {
    full = error;
  }
  expect(fail(full)).toBe(1);
  expect(said.mock.lastCall![0]).toMatch(/^error: .*The disk is full: ENOSPC[\s\S]*Make room[\s\S]*same command again/);
  const folder = Object.assign(new Error('ENOENT: no such file or directory, mkdir'), {
    code: 'ENOENT',
    syscall: 'mkdir',
  });
  expect(fail(folder)).toBe(1);
  expect(said.mock.lastCall![0]).toMatch(/^error: The disk takes no folder: it is full[\s\S]*Make room/);
  expect(fail(new TypeError('a bug'))).toBe(1);
  expect(said.mock.lastCall![0]).toMatch(/^TypeError: a bug\n {4}at /);
});
