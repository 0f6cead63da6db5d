import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { acquireLease, type Lease } from '@selfsup/kit/lease';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { writeCheckpoint, type TensorData } from '@selfsup/models/checkpoint';
import { encodePng } from '@selfsup/report/images';
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

  const page = renderWatch({ root, running: [second!], tensorBoard: true, refreshSeconds: 5 });
  expect(page).toContain('<meta http-equiv="refresh" content="5" />');
  expect(page).toMatch(/toy base seed-1 pretrain[\s\S]*37\.5 %[\s\S]*it has never been published/);
  expect(page).toContain(`tensorboard --logdir ${join(files, 'events')}`);
  expect(renderWatch({ root, running: [second!], tensorBoard: false, refreshSeconds: 5 })).not.toContain('--logdir');
  expect(page).not.toContain('<script');
});

test('where nothing runs the page says so', () => {
  expect(renderWatch({ root: '<b>', running: [], tensorBoard: false, refreshSeconds: 5 })).toMatch(
    /Nothing is running[\s\S]*&lt;b&gt;/,
  );
});

test('what a training says of itself is shown, and pictures of its newest live checkpoint as they are written', async () => {
  const look = observer({ root, stages: root });
  writeFileSync(join(unit, 'progress.json'), JSON.stringify({ text: 'training 40 % · 9 s left', at: 0 }));
  const [before] = await look();
  expect(before).toMatchObject({ now: 'training 40 % · 9 s left' });
  expect(before!.filters).toBeUndefined();

  const kernel = { shape: [1, 2, 1, 2], data: Float32Array.from([-1, 5, 3, 4]) };
  const save = (step: string, picture: number): Promise<void> =>
    writeCheckpoint(join(files, `live/step-${step}.safetensors`), {
      tensors: new Map<string, TensorData>([
        ['encoder/conv1/kernel', kernel],
        ['task/pictures/3', { shape: [2, 1, 1, 1, 1], data: Uint8Array.from([picture, 0]) }],
      ]),
      metadata: {},
    });
  mkdirSync(join(files, 'live'));
  await save('000000010', 7);
  const [first] = await look();
  // Each filter over all of the range: of [-1, 3] the ends, and of [5, 4].
  expect(first!.filters).toEqual({
    layer: 'conv1',
    shape: [2, 1, 2, 1],
    pixels: Buffer.from([0, 255, 255, 0]).toString('base64'),
  });
  expect(first!.made).toMatchObject({ caption: 'After epoch 3', image: encodePng(Uint8Array.from([7, 0]), 2, 1, 1) });
  await save('000000020', 9);
  const [second] = await look();
  expect(second!.made!.image).toEqual(encodePng(Uint8Array.from([9, 0]), 2, 1, 1));

  writeFileSync(join(files, 'live/step-000000030.safetensors'), 'torn');
  const page = renderWatch({ root, running: await look(), tensorBoard: false, refreshSeconds: 5 });
  expect(page).toMatch(/training 40 %[\s\S]*After epoch 3[\s\S]*2 kernels of conv1/);
});
