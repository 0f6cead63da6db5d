import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { checkOptions, optionValue, ranges, sbatchArgs, shellWords } from './sbatch.ts';

test.each([
  [[], ''],
  [[4], '4'],
  [[0, 1, 2], '0-2'],
  [[0, 2, 3, 7], '0,2-3,7'],
])('%j is %s', (numbers, text) => expect(ranges(numbers)).toBe(text));

test.each([
  [['--array=1'], /--array is set by the submission/],
  [['-a1'], /-a is set by/],
  [['--dependency=afterok:1'], /--dependency is set by/],
  [['--no-requeue'], /--no-requeue is set by/],
  [['--wrap=true'], /--wrap is set by/],
  [['-d', 'x'], /-d is set by/],
  [['--time', '10'], /'10' is no option of sbatch/],
  [['job.sh'], /'job.sh' is no option/],
  [['-n4'], /-n: of a submission each stage is one process/],
  [['--signal=USR1@60'], /would not stop a stage/],
  [['--signal=TERM@60'], /would not stop a stage/],
])('%j is refused by name', (options, says) => {
  expect(() => checkOptions(options)).toThrow(expect.objectContaining({ message: expect.stringMatching(says) }));
});

test('other options pass, also another time of warning', () => {
  checkOptions(['--time=4:00:00', '-pgpu', '--gres=gpu:1', '--exclusive', '--signal=B:TERM@300']);
});

test('the last of two values counts, long or short', () => {
  expect(optionValue(['--partition=a', '-pb'], '--partition', '-p')).toBe('b');
  expect(optionValue(['--mem=1G'], '--partition', '-p')).toBeUndefined();
});

test('an array as sbatch is told of it', () => {
  const array = { name: 'pretrain', indices: [0, 1, 4], isArray: true };
  const settings = { atOnce: 16, cpus: 4, restarts: 30, options: ['--time=60'] };
  const placing = { name: 'toy', folder: '/a/slurm/toy', root: '/w' };
  expect(sbatchArgs(array, { ...placing, after: ['aftercorr:7', 'afterok:8'] }, settings)).toEqual([
    '--parsable',
    '--job-name=toy:pretrain',
    '--chdir=/w',
    '--output=/a/slurm/toy/log/pretrain-%a.log',
    '--requeue',
    '--open-mode=append',
    '--signal=B:TERM@120',
    '--cpus-per-task=4',
    '--array=0-1,4%16',
    '--dependency=aftercorr:7,afterok:8',
    '--time=60',
    '/a/slurm/toy/element.sh',
    '/a/slurm/toy',
    'pretrain',
    '30',
  ]);
  const first = sbatchArgs({ ...array, isArray: false }, { ...placing, after: [] }, settings);
  expect(first).toContain('--hold');
  expect(first.join(' ')).not.toMatch(/--array|--dependency|%a/);
});

test('words come out of a shell as they went in', () => {
  const words = ['a=b', 'text with spaces', "it's", '"x,y"', '$HOME', '`id`', 'a\\b', '', '*', '[1,2]'];
  const printed = execFileSync('bash', ['-c', `printf '%s\\n' ${shellWords(words)}`], { encoding: 'utf8' });
  expect(printed.split('\n').slice(0, -1)).toEqual(words);
});
