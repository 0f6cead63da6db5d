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

test.each([
  ['Invalid TF_Status: 8\nMessage: work/events/training-1; No space left on device', 'is full'],
  ['Invalid TF_Status: 2\nMessage: work/events/training-1; Input/output error', 'fails'],
  ['MDB_PANIC: Update of meta page failed or environment had fatal error', 'fails'],
])('what a library says of the disk in words alone is said with what to do: %s', (message, what) => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  expect(fail(new Error(message))).toBe(1);
  expect(said.mock.lastCall![0]).toMatch(new RegExp(`^error: The disk ${what}: .*\\n {2}remedy: Make room`));
  expect(said.mock.lastCall![0]).not.toMatch(/\n {4}at /);
});

test('a stop that reached the compiler first is a stop, and no fault of the program', () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  for (const words of ['The service was stopped: write EPIPE', 'The service is no longer running'])
    expect(fail(new Error(words))).toBe(130);
  expect(said.mock.lastCall![0]).toBe('Stopped while the code was read.\nRun the same command again to go on.');
});
