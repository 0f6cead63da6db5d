import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { acquireLease, type Lease } from '@selfsup/kit/lease';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { renderWatch } from '@selfsup/report/watch-page';
import { observer } from './observe.ts';

const root = temporaryFolder('watch');
const unit = join(root, 'work/toy/base/seed-1/pretrain');
const files = join(unit, '0123456789ab/files');
const metrics = join(files, 'metrics.jsonl');
let lease: Lease | undefined;
afterAll(() => lease?.release());

const line = (kind: string, epoch: number, step: number, loss: number): string =>
  `${JSON.stringify({ kind, epoch, step, loss })}\n`;

test('what is running is seen with its curve, how much is done, how fast it goes and why', async () => {
  mkdirSync(join(files, 'events'), { recursive: true });
  const keyParts = { uses: 'tasks/rotnet', seed: 1, config: { epochs: 4 }, needs: {}, code: 'c' };
  const attempt = { key: 'k', keyParts, code: { key: 'c', files: {}, packages: {} }, places: [] };
  writeFileSync(join(unit, '0123456789ab/attempt.json'), JSON.stringify(attempt));
  const look = observer({ root, stages: root });
  expect(await look()).toEqual([]);

  lease = await acquireLease(join(unit, 'lease'));
  writeFileSync(
    metrics,
    line('train', 0, 10, 2) + line('epoch', 1, 20, 1.5) + line('test', 1, 20, 1.6) + '{"kind":"tr',
  );
  const [first] = await look();
  expect(first).toMatchObject({
    ...{ label: 'toy base seed-1 pretrain', uses: 'tasks/rotnet', done: 0.25, events: join(files, 'events') },
    why: ['it has never been published'],
    curve: { train: [{ step: 10, loss: 2 }], test: [{ step: 20, loss: 1.6 }] },
  });
  expect(first!.stepsPerSecond).toBeUndefined();

  writeFileSync(metrics, line('epoch', 1, 20, 1.5) + line('train', 1, 30, 1));
  const [second] = await look();
  expect(second!.done).toBe(0.375);
  expect(second!.stepsPerSecond).toBeGreaterThan(0);
  expect(second!.secondsLeft! * second!.stepsPerSecond!).toBeCloseTo(50, 6);

  const page = renderWatch({ root, running: [second!], refreshSeconds: 5 });
  expect(page).toContain('<meta http-equiv="refresh" content="5" />');
  expect(page).toMatch(/toy base seed-1 pretrain[\s\S]*37\.5 %[\s\S]*it has never been published/);
  expect(page).not.toContain('<script');
});

test('where nothing runs the page says so', () => {
  expect(renderWatch({ root: '<b>', running: [], refreshSeconds: 5 })).toMatch(/Nothing is running[\s\S]*&lt;b&gt;/);
});
