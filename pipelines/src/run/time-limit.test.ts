import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { after } from './time-limit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const day = 86_400_000;

test.each([0.001, 1, 24, 25, 50, 400])('a limit of %d days ends after that, and not before', (days) => {
  const then = vi.fn();
  after(days * day, then);
  vi.advanceTimersByTime(days * day - 1);
  expect(then).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(then).toHaveBeenCalledTimes(1);
});

test('a limit that was called off never ends', () => {
  const then = vi.fn();
  const callOff = after(30 * day, then);
  vi.advanceTimersByTime(26 * day);
  callOff();
  vi.advanceTimersByTime(30 * day);
  expect(then).not.toHaveBeenCalled();
});
