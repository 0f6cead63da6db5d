import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { eventRecords } from '../testing/event-records.ts';
import { MetricsLog } from './metrics-log.ts';

const root = mkdtempSync(join(tmpdir(), 'metrics-'));
afterAll(() => rmSync(root, { recursive: true }));
const path = join(root, 'metrics.jsonl');
const events = join(root, 'events');

const scalars = (tag: string): number => eventRecords(events).filter((record) => record.includes(tag)).length;

test('after a return to step 2 of epoch 1, neither lines nor events are there twice', async () => {
  const first = await MetricsLog.open(path, events, { step: 0, epochsDone: 0 });
  for (const step of [1, 2, 3]) first.write({ kind: 'train', epoch: 1, step, loss: 1 / step });
  first.write({ kind: 'epoch', epoch: 1, step: 3, loss: 0.6 });
  first.close();
  expect(scalars('train/loss')).toBe(3);
  expect(scalars('epoch/loss')).toBe(1);

  const second = await MetricsLog.open(path, events, { step: 2, epochsDone: 0 });
  second.write({ kind: 'train', epoch: 1, step: 3, loss: 1 / 3 });
  second.write({ kind: 'epoch', epoch: 1, step: 3, loss: 0.6 });
  second.close();
  const lines = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ kind, step }) => `${kind} ${step}`)).toEqual(['train 1', 'train 2', 'train 3', 'epoch 3']);
  expect(lines[2]).toEqual({ kind: 'train', epoch: 1, step: 3, loss: 1 / 3 });
  expect(scalars('train/loss')).toBe(3);
  expect(scalars('epoch/loss')).toBe(1);
});

test('a closed log leaves neither tensors nor open files', async () => {
  const openFiles = (): number => readdirSync('/proc/self/fd').length;
  const before = [tf.memory().numTensors, openFiles()];
  for (const name of ['a', 'b', 'c']) {
    const log = await MetricsLog.open(join(root, `${name}.jsonl`), join(root, name), { step: 0, epochsDone: 0 });
    log.write({ kind: 'train', epoch: 1, step: 1, loss: 1 });
    log.close();
  }
  expect([tf.memory().numTensors, openFiles()]).toEqual(before);
});
