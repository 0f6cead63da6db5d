import { expect, test } from 'vitest';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { forgetProgress, progressFile, readProgress, recordedProgress } from './recorded-progress.ts';

test('the phase under way is written every few seconds, with rate and time left', () => {
  const workFolder = temporaryFolder('progress');
  const told: number[] = [];
  let now = 1000;
  const inner = {
    phase: () => ({ advance: (amount: number) => void told.push(amount), done: () => undefined }),
    note: () => undefined,
    warn: () => undefined,
  };
  const progress = recordedProgress(inner, progressFile({ workFolder }), () => now);
  const phase = progress.phase('training', 1000, 'images', 100);
  now += 10_000;
  phase.advance(200, { loss: 0.5 });
  const text = 'training 30 % · 300 of 1,000 images · 20 images/s · 35 s left · loss 0.5';
  expect(readProgress(workFolder)).toEqual({ text, at: 11_000 });
  now += 4999;
  phase.advance(100);
  expect(readProgress(workFolder)!.at).toBe(11_000);
  now += 1;
  phase.advance(100);
  expect(readProgress(workFolder)!.text).toMatch(/^training 50 %/);
  phase.done();
  expect(told).toEqual([200, 100, 100]);
  forgetProgress({ workFolder });
  expect(readProgress(workFolder)).toBeUndefined();
});

test('where it cannot be written, the work goes on', () => {
  const inner = {
    phase: () => ({ advance: () => undefined, done: () => undefined }),
    note: () => undefined,
    warn: () => undefined,
  };
  const workFolder = '/proc/none';
  recordedProgress(inner, progressFile({ workFolder })).phase('training', 10, 'images').advance(1);
  expect(readProgress(workFolder)).toBeUndefined();
});
