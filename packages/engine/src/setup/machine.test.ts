import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseFlavour, hasCuda, readMachine, requireSpace, requireSupported } from './machine.ts';

const GOOD = { platform: 'linux', arch: 'x64', glibc: '2.27', avx: true };

test('the machine that runs this test is supported', () => {
  expect(() => requireSupported(readMachine())).not.toThrow();
});

test.each([{}, { glibc: '2.41' }, { glibc: '3.0' }, { avx: undefined }])('%o is supported', (change) => {
  expect(() => requireSupported({ ...GOOD, ...change })).not.toThrow();
});

test.each([
  [{ platform: 'darwin', arch: 'arm64' }, /Linux on x86-64 only; this is darwin on arm64/, /container/],
  [{ platform: 'win32' }, /this is win32/, /WSL 2/],
  [{ arch: 'arm64' }, /this is linux on arm64/, /x86-64 machine/],
  [{ glibc: undefined }, /musl/, /bookworm/],
  [{ glibc: '2.17' }, /glibc 2.27 or later; this system has 2.17/, /newer distribution/],
  [{ avx: false }, /AVX/, /-cpu host/],
])('%o is refused with a remedy', (change, message, remedy) => {
  const attempt = () => requireSupported({ ...GOOD, ...change });
  expect(attempt).toThrow(message);
  expect(attempt).toThrow(expect.objectContaining({ remedy: expect.stringMatching(remedy) }));
});

test('space is asked of the disk that will hold a folder that does not exist yet', async () => {
  const folder = join(tmpdir(), 'not', 'there', 'yet');
  await expect(requireSpace(folder, 1)).resolves.toBeUndefined();
  await expect(requireSpace(folder, 1e18)).rejects.toThrow(/ free, 1000000000.0 GB needed/);
});

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'selfsup-machine-'));
});
afterAll(() => rmSync(root, { recursive: true }));

test('a GPU counts only with its driver library', () => {
  const put = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  };
  expect(hasCuda(root, {})).toBe(false);
  put('proc/driver/nvidia/gpus/0000:01:00.0/information');
  expect(hasCuda(root, {})).toBe(false);
  put('opt/driver/libcuda.so.1');
  expect(hasCuda(root, {})).toBe(false);
  expect(hasCuda(root, { LD_LIBRARY_PATH: '/opt/driver' })).toBe(true);
  put('usr/lib64/libcuda.so.1');
  expect(hasCuda(root, {})).toBe(true);
});

test('SELFSUP_DEVICE overrides what the machine has', () => {
  expect(chooseFlavour(undefined, () => true)).toBe('cuda');
  expect(chooseFlavour(undefined, () => false)).toBe('cpu');
  expect(chooseFlavour('cpu', () => true)).toBe('cpu');
  expect(chooseFlavour('cuda', () => false)).toBe('cuda');
});
