import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { MetricsLog } from './metrics-log.ts';

const root = mkdtempSync(join(tmpdir(), 'metrics-'));
afterAll(() => rmSync(root, { recursive: true }));
const path = join(root, 'metrics.jsonl');
const events = join(root, 'events');

/** Payloads of the records of all event files (TFRecord: length, its checksum, payload, its checksum), as text. */
function eventRecords(): string[] {
  return readdirSync(events, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    if (!name.includes('tfevents')) return [];
    const bytes = readFileSync(join(events, name));
    const records: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = Number(bytes.readBigUInt64LE(at));
      records.push(bytes.toString('latin1', at + 12, at + 12 + length));
      at += 12 + length + 4;
    }
    return records;
  });
}
const scalars = (tag: string): number => eventRecords().filter((record) => record.includes(tag)).length;

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
