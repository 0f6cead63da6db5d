import type * as FileSystem from 'node:fs';
import type * as System from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import { usableCores } from '@selfsup/kit/cpu-quota';
import { readSettings } from './settings.ts';

/** What these files hold instead, and how many cores the affinity mask has. */
const machine = vi.hoisted(() => ({ files: {} as Record<string, string>, cores: undefined as number | undefined }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof FileSystem>();
  const readFileSync = (path: string, ...rest: []) => machine.files[path] ?? fs.readFileSync(path, ...rest);
  return { ...fs, readFileSync };
});
vi.mock('node:os', async (original) => {
  const os = await original<typeof System>();
  return { ...os, availableParallelism: () => machine.cores ?? os.availableParallelism() };
});
afterEach(() => void Object.assign(machine, { files: {}, cores: undefined }));

test('defaults: all cores, deterministic, fp32, the device that is there', () => {
  const defaults = { threads: usableCores(), deterministic: true, fpmath: 'fp32', device: undefined };
  expect(readSettings({})).toEqual(defaults);
  expect(readSettings({ SELFSUP_THREADS: '', SELFSUP_FPMATH: '' })).toEqual(defaults);
});

test('threads are within the CPU quota of the container, whatever cores its host has', () => {
  const quota = (text: string): void => {
    machine.files = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': text };
  };
  machine.cores = 64;
  for (const [text, threads] of [
    ['350000 100000', 3],
    ['50000 100000', 1],
    ['max 100000', 64],
  ] as const) {
    quota(text);
    expect([text, readSettings({}).threads]).toEqual([text, threads]);
  }
  quota('350000 100000');
  expect(readSettings({ SELFSUP_THREADS: '7' }).threads).toBe(7);
});

test('reads what is set', () => {
  const environment = {
    SELFSUP_THREADS: '3',
    SELFSUP_DETERMINISTIC: '0',
    SELFSUP_FPMATH: 'bf16',
    SELFSUP_DEVICE: 'cuda',
  };
  expect(readSettings(environment)).toEqual({ threads: 3, deterministic: false, fpmath: 'bf16', device: 'cuda' });
});

test.each([
  ['SELFSUP_THREADS', '0'],
  ['SELFSUP_THREADS', 'two'],
  ['SELFSUP_THREADS', '1.5'],
  ['SELFSUP_DETERMINISTIC', 'yes'],
  ['SELFSUP_FPMATH', 'fp16'],
  ['SELFSUP_DEVICE', 'gpu'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(expect.objectContaining({ field: name }));
});
