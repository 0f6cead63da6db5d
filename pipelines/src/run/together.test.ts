import { expect, test } from 'vitest';
import { Dismissed, ProcessLost, type Message } from '@selfsup/engine/cluster';
import { lastWords } from './together.ts';

const loss = new ProcessLost('at step 3');

/** A first process that has said something, and then has ended or, where nothing else follows, still lives. */
function first(...said: readonly (Message | Error)[]) {
  const left = [...said];
  return {
    hear(): Promise<Message> {
      const next = left.shift();
      if (next === undefined) return new Promise(() => undefined);
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
  };
}

test('where the first said that it fails, a loss that follows is no reason to begin again', async () => {
  const failed = new Dismissed('failed');
  expect(await lastWords(first({ begins: 'training' }, failed, loss), loss)).toBe(failed);
});

test('a first one that ended without a word, or says nothing more, is lost', async () => {
  const ended = new ProcessLost('while the first one worked alone');
  expect(await lastWords(first({ begins: 'training' }, ended), loss)).toBe(loss);
  expect(await lastWords(first(), loss, 10)).toBe(loss);
});
