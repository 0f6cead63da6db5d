import { expect, test } from 'vitest';
import { parseStatus, processMemory, resetPeak } from './memory.ts';

const MEBIBYTE = 2 ** 20;

test('sees memory outside the JavaScript heap, and remembers its peak', () => {
  const before = processMemory();
  let block: Uint8Array | undefined = new Uint8Array(200 * MEBIBYTE).fill(1);
  expect(block[5]).toBe(1);
  const during = processMemory();
  expect(during.rss - before.rss).toBeGreaterThan(150 * MEBIBYTE);
  block = undefined;
  expect(processMemory().peak).toBeGreaterThanOrEqual(during.rss);
  if (resetPeak()) expect(processMemory().peak).toBeLessThanOrEqual(during.peak + 50 * MEBIBYTE);
});

test('reads the kernel lines, in bytes', () => {
  expect(parseStatus('Name:\tnode\nVmHWM:\t    2000 kB\nVmRSS:\t    1000 kB\n')).toEqual({ rss: 1024e3, peak: 2048e3 });
  expect(parseStatus('Name:\tnode\n')).toBeUndefined();
});
