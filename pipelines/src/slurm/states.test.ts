import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { describeStates, screenOf } from './describe-states.ts';
import { parseQueue } from './slurm.ts';
import { isUnderWay, statesOf } from './states.ts';
import { findSubmission, writeSubmission, type Submitted } from './submission.ts';

let submission: Submitted;
beforeEach(async () => {
  const folder = temporaryFolder('states');
  for (const name of ['state', 'log', 'work-0']) mkdirSync(join(folder, name));
  const elements = (name: string) =>
    [0, 1, 2].map((index) => ({ index, label: `toy seed ${index}: ${name}`, work: join(folder, `work-${index}`) }));
  submission = {
    ...{
      schema: 1,
      name: 'toy',
      words: ['toy'],
      options: [],
      flags: [],
      submitted: '2026-11-28T01:00:00.000Z',
      folder,
    },
    arrays: [
      {
        name: 'data-few',
        job: '100',
        isArray: false,
        after: [],
        elements: [{ index: 0, label: 'data/few', work: folder }],
      },
      {
        name: 'pretrain',
        job: '101',
        isArray: true,
        after: [{ kind: 'afterok', array: 'data-few' }],
        elements: elements('pretrain'),
      },
      {
        name: 'linear',
        job: '102',
        isArray: true,
        after: [{ kind: 'aftercorr', array: 'pretrain' }],
        elements: elements('linear'),
      },
      {
        name: 'report',
        job: '103',
        isArray: false,
        after: [{ kind: 'afterany', array: 'linear' }],
        elements: [{ index: 0, label: 'report', work: folder }],
      },
    ],
  };
  const { folder: _folder, ...written } = submission;
  await writeSubmission(folder, written);
});

const mark = (element: string, text: string): void =>
  writeFileSync(join(submission.folder, 'state', element), `${text}\n`);
const told = (queue: string | undefined): string[] =>
  statesOf(submission, queue === undefined ? undefined : parseQueue(queue), 100_000).map(
    ({ array, element, state, why, restarts }) =>
      `${array.name} ${element.index} ${state}${restarts > 0 ? ` ${restarts}` : ''}${why === '' ? '' : `: ${why}`}`,
  );

test('what runs, waits, failed and was left out is told from the marks and one look at the queue', () => {
  mark('data-few-0', 'done');
  mark('pretrain-0', 'runs 2 node1');
  mark('pretrain-1', 'failed 1');
  mark('pretrain-2', 'requeued 0');
  writeFileSync(
    join(submission.folder, 'log/pretrain-1.log'),
    '== begun\nnote\nerror: The loss is NaN\n  field: x\n== exit 1\n',
  );
  writeFileSync(join(submission.folder, 'work-0/progress.json'), JSON.stringify({ text: 'training 5 %', at: 90_000 }));
  const queue = [
    '101|0|RUNNING|None|2026-11-28T01:00:00',
    '101|2|PENDING|BeginTime|2026-11-28T01:02:00',
    '102|0|PENDING|Dependency|N/A',
    '102|2|PENDING|Dependency|N/A',
    '103|N/A|PENDING|Dependency|N/A',
    '999|0|RUNNING|None|N/A',
  ].join('\n');
  expect(told(queue)).toEqual([
    'data-few 0 done',
    'pretrain 0 runs 2: training 5 %',
    'pretrain 1 failed: error: The loss is NaN',
    'pretrain 2 waits 1: put back into the queue, from 2026-11-28 01:02:00',
    'linear 0 waits: for pretrain',
    'linear 1 left out: it needs toy seed 1: pretrain',
    'linear 2 waits: for pretrain',
    'report 0 waits: for linear',
  ]);
  const states = statesOf(submission, parseQueue(queue), 100_000);
  expect(isUnderWay(states)).toBe(true);
  const lines = describeStates(submission, states);
  expect(lines[0]).toMatch(/: 1 runs, 4 wait, 1 failed, 1 left out, 1 done$/);
  expect(lines[2]).toMatch(/pretrain +1 runs, 1 waits, 1 failed \(put back into the queue/);
  expect(lines.join('\n')).toMatch(/ {2}runs {4}toy seed 0: pretrain, started again 2 times\n {10}training 5 %\n/);
  expect(lines.join('\n')).toMatch(
    / {2}failed {2}toy seed 1: pretrain\n {10}error: The loss is NaN\n {10}\/.*log\/pretrain-1\.log$/,
  );
});

test('one that is no longer in the queue and has not said why was killed, or called off', () => {
  mark('data-few-0', 'done');
  mark('pretrain-0', 'runs 0 node1');
  expect(told('')).toEqual([
    'data-few 0 done',
    'pretrain 0 failed: it ended without a word: killed, or past its time limit',
    'pretrain 1 cancelled: it is not in the queue any more',
    'pretrain 2 cancelled: it is not in the queue any more',
    'linear 0 left out: it needs toy seed 0: pretrain',
    'linear 1 left out: it needs toy seed 1: pretrain',
    'linear 2 left out: it needs toy seed 2: pretrain',
    'report 0 cancelled: it is not in the queue any more',
  ]);
  writeFileSync(join(submission.folder, 'cancelled'), '');
  expect(told('').slice(1, 3)).toEqual(['pretrain 0 cancelled', 'pretrain 1 cancelled']);
});

test('where Slurm cannot be asked the marks alone are told', () => {
  mark('data-few-0', 'done');
  mark('pretrain-0', 'runs 0 node1');
  expect(told(undefined).slice(0, 3)).toEqual([
    'data-few 0 done',
    'pretrain 0 runs',
    'pretrain 1 waits: Slurm cannot be asked',
  ]);
});

test('what has begun and told nothing yet is said to begin', () => {
  mark('data-few-0', 'runs 0 node1');
  const states = statesOf(submission, parseQueue('100|N/A|RUNNING|None|N/A'), 100_000);
  expect(describeStates(submission, states).slice(-2)).toEqual(['  runs    data/few', '          begins']);
});

test('on a terminal no line wraps, and none is scrolled out of sight', () => {
  const text = ['one', 'a line that is too long', 'three', 'four', 'five'].join('\n');
  expect(screenOf(text, 'last', { columns: 12, rows: 8 })).toBe('one\na line that…\nthree\nfour\nfive\n\nlast\n');
  expect(screenOf(text, 'last', { columns: 30, rows: 6 })).toBe(
    'one\na line that is too long\nand 3 more lines: selfsup jobs\n\nlast\n',
  );
});

test('a submission is found by its folder, by its name, and by what was asked for', () => {
  const sweep = { ...submission, folder: '/x/toy-epochs-1a2b3c-1', name: 'toy-epochs-1a2b3c', words: ['toy', '--set'] };
  const all = [sweep, submission];
  const folder = (name: string): string => findSubmission(all, name).folder;
  expect(folder('toy')).toBe(submission.folder);
  expect(findSubmission([sweep], 'toy')).toBe(sweep);
  expect(['toy-epochs-1a2b3c', 'toy-epochs-1a2b3c-1'].map(folder)).toEqual([sweep.folder, sweep.folder]);
  expect(() => folder('tyo')).toThrow("Unknown submission 'tyo'");
});
