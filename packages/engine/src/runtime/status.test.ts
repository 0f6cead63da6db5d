import { expect, test } from 'vitest';
import { engineStatus } from './status.ts';

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
