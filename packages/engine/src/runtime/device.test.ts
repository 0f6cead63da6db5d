import { expect, test } from 'vitest';
import { deviceReport, parseGpuQuery } from './device.ts';
import { engineStatus } from './status.ts';

test('reports the device that TensorFlow runs on', async () => {
  const report = await deviceReport();
  expect(['cpu', 'cuda']).toContain(report.device);
  expect(report.name).not.toBe('');
  expect(report.threads).toBeGreaterThan(0);
  expect(report.memory.total).toBeGreaterThanOrEqual(report.memory.free);
});

test('reads the last GPU of nvidia-smi, in bytes', () => {
  expect(parseGpuQuery('NVIDIA A, 100, 50\nNVIDIA H200, 143771, 143000\n')).toEqual({
    name: 'NVIDIA H200',
    memory: { total: 143771 * 2 ** 20, free: 143000 * 2 ** 20 },
  });
  expect(parseGpuQuery('No devices were found')).toBeUndefined();
});

test('the status of a working engine has no problems', async () => {
  const status = await engineStatus();
  expect(status.problems).toEqual([]);
  expect(status.ok).toBe(true);
  expect(status.facts).toMatchObject({
    tensorflow: expect.any(String),
    engine: expect.any(String),
    cuda: expect.any(String),
  });
});

test('the status names a wrong setting instead of throwing', async () => {
  process.env.SELFSUP_THREADS = 'many';
  try {
    const status = await engineStatus({ run: false });
    expect(status.ok).toBe(false);
    expect(status.problems).toHaveLength(1);
    expect(status.problems[0]?.what).toContain('SELFSUP_THREADS');
    expect(status.problems[0]?.remedy).not.toBe('');
  } finally {
    delete process.env.SELFSUP_THREADS;
  }
});
