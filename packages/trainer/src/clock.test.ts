import { expect, test } from 'vitest';
import { announceEstimate, Clock } from './clock.ts';
import { recordingProgress } from './testing/recording-progress.ts';

test('a long training on a CPU earns a warning, marked so that whoever runs it can add advice', () => {
  const progress = recordingProgress();
  const warned: unknown[][] = [];
  announceEstimate(1.5, 78_000, { ...progress, warn: (...line) => void warned.push(line) });
  expect(progress.lines).toEqual(['About 32 h 30 min for 78000 steps of 1.5 s, evaluations aside']);
  expect(warned).toEqual([['On this CPU the training will take about 32 h 30 min', 'slow']]);
});

test('a short training gets no warning', () => {
  const progress = recordingProgress();
  announceEstimate(0.5, 600, progress);
  expect(progress.lines).toEqual(['About 5 min for 600 steps of 0.50 s, evaluations aside']);
});

test('of seconds nothing is said', () => {
  const progress = recordingProgress();
  announceEstimate(0.01, 5900, progress);
  expect(progress.lines).toEqual([]);
});

test('steps are timed after a warm-up, and told once', () => {
  const clock = new Clock(undefined);
  const told = Array.from({ length: 20 }, () => {
    clock.stepBegins();
    return clock.stepEnds();
  });
  expect(told.map((seconds) => seconds !== undefined).indexOf(true)).toBe(6);
  expect(told.filter((seconds) => seconds !== undefined)).toHaveLength(1);
  expect(clock.timeIsUp).toBe(false);
});
