import { expect, test } from 'vitest';
import { usableCores } from './cpu-quota.ts';
import { readSettings } from './settings.ts';

test('defaults: all cores, deterministic, fp32, the device that is there', () => {
  const defaults = { threads: usableCores(), deterministic: true, fpmath: 'fp32', device: undefined };
  expect(readSettings({})).toEqual(defaults);
  expect(readSettings({ SELFSUP_THREADS: '', SELFSUP_FPMATH: '' })).toEqual(defaults);
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
