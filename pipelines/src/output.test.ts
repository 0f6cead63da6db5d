import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { watchOutput, written } from './output.ts';

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

test('a long output reaches a reader that takes its time, though the process is ended after it', async () => {
  const code = `import { written } from ${JSON.stringify(new URL('output.ts', import.meta.url).href)};
    console.log('x'.repeat(999_999));
    await written(process.stdout);
    process.exit(0);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await sleep(300);
  let bytes = 0;
  for await (const chunk of child.stdout) bytes += (chunk as Buffer).length;
  expect(bytes).toBe(1_000_000);
});

test('a stream that cannot be written any more is not waited for', async () => {
  const stream = failing('EPIPE');
  watchOutput(stream);
  stream.write('result');
  await written(stream);
  expect(await written({ writableLength: 0, write: () => false })).toBeUndefined();
});
