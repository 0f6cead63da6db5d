import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { watchOutput } from './output.ts';

const failing = (code: string): Writable =>
  new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });

test.each(['ENOSPC', 'EIO', 'EDQUOT'])('%s is kept for the end', async (code) => {
  const stream = failing(code);
  const lost = watchOutput(stream);
  stream.write('result');
  await setImmediate();
  expect(lost()).toMatchObject({ code });
});

test('a pipe that nobody reads is no failure', async () => {
  const stream = failing('EPIPE');
  const lost = watchOutput(stream);
  stream.write('result');
  await setImmediate();
  expect(lost()).toBeUndefined();
});

test('a stream that throws is no different, and the work goes on', () => {
  const stream = new Writable();
  stream.write = () => {
    throw Object.assign(new Error('full'), { code: 'ENOSPC' });
  };
  const lost = watchOutput(stream);
  expect(stream.write('result')).toBe(false);
  expect(lost()).toMatchObject({ code: 'ENOSPC' });
});
