import { expect, test } from 'vitest';
import { createProgress, describePhase } from './terminal-progress.ts';

function screen(isTTY: boolean, environment: NodeJS.ProcessEnv = {}) {
  let text = '';
  let time = 0;
  const stream = { isTTY, columns: 60, write: (chunk: string | Uint8Array) => ((text += String(chunk)), true) };
  return {
    progress: createProgress({ stream, environment, now: () => time }),
    pass: (seconds: number) => void (time += seconds * 1000),
    text: () => text,
  };
}

test('captured: a line at most every ten seconds, and the last', () => {
  const { progress, pass, text } = screen(false);
  const phase = progress.phase('Training', 1000, 'images');
  for (let second = 0; second < 25; second++) {
    pass(1);
    phase.advance(10, { loss: 1.23456 });
  }
  progress.note('a note');
  phase.done();
  phase.done();
  expect(text().split('\n')).toEqual([
    'Training 10 % · 100 of 1,000 images · 10 images/s · 1 min 30 s left · loss 1.235',
    'Training 20 % · 200 of 1,000 images · 10 images/s · 1 min 20 s left · loss 1.235',
    'a note',
    'Training: 250 images in 25 s',
    '',
  ]);
});

test('on a terminal: one line, rewritten, that never wraps, with notes above it', () => {
  const { progress, pass, text } = screen(true, { NO_COLOR: '1' });
  const phase = progress.phase('A phase with quite a long name', 100, 'steps');
  pass(1);
  phase.advance(50, { loss: 0.5, accuracy: 0.25 });
  progress.warn('look here');
  phase.done('all well');
  expect(text()).not.toContain('\x1b[3');
  const lines = text().split('\n');
  expect(lines).toHaveLength(3);
  for (const part of text().replaceAll('\r\x1b[2K', '\n').split('\n')) expect(part.length).toBeLessThan(60);
  expect(lines[0]).toMatch(/Warning: look here$/);
  expect(lines[1]).toMatch(/✓ A phase with quite a long name: all well in 1\.0 s$/);
});

test('colour is used on a terminal only, and not with NO_COLOR', () => {
  const warned = (isTTY: boolean, environment: NodeJS.ProcessEnv) => {
    const { progress, text } = screen(isTTY, environment);
    progress.warn('x');
    return text().includes('\x1b[33m');
  };
  expect(warned(true, {})).toBe(true);
  expect(warned(true, { NO_COLOR: '1' })).toBe(false);
  expect(warned(true, { TERM: 'dumb' })).toBe(false);
  expect(warned(false, {})).toBe(false);
});

test('work done before this run counts for the share, not for the rate', () => {
  const state = { name: 'Resumed', unit: 'steps', alreadyDone: 500, seconds: 10, details: {} };
  expect(describePhase({ ...state, total: 1000, done: 600 })).toBe(
    'Resumed 60 % · 600 of 1,000 steps · 10 steps/s · 40 s left',
  );
  expect(describePhase({ ...state, total: undefined, done: 600 })).toBe('Resumed · 600 steps · 10 steps/s');
  expect(describePhase({ ...state, total: undefined, done: 0, alreadyDone: 0, seconds: 0 })).toBe('Resumed …');
});

test('bytes are told in megabytes', () => {
  const state = { name: 'Get', unit: 'bytes', total: 274e6, done: 137e6, alreadyDone: 0, seconds: 10, details: {} };
  expect(describePhase(state)).toBe('Get 50 % · 137 of 274 MB · 13.7 MB/s · 10 s left');
});
