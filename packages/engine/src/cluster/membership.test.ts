import { expect, test } from 'vitest';
import { firstHost, membershipOf, withoutMembership } from './membership.ts';

const torch = { RANK: '2', WORLD_SIZE: '4', LOCAL_RANK: '0', MASTER_ADDR: 'node1', MASTER_PORT: '29500' };
const slurm = {
  ...{ SLURM_STEP_NUM_TASKS: '4', SLURM_PROCID: '3', SLURM_LOCALID: '1', SLURM_JOB_ID: '17', SLURM_STEP_ID: '0' },
  SLURM_STEP_NODELIST: 'gpu[03-04]',
};
const tensorflow = (cluster: object, task: object) => ({ TF_CONFIG: JSON.stringify({ cluster, task }) });
const workers = ['a:5000', 'a:5001', 'b:5000', 'b:5001'];

test('a process that nobody says anything of is alone, as is one of one', () => {
  expect(membershipOf({})).toBeUndefined();
  expect(membershipOf({ RANK: '0' })).toBeUndefined();
  expect(membershipOf({ RANK: '0', WORLD_SIZE: '1' })).toBeUndefined();
  expect(membershipOf({ ...slurm, SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0' })).toBeUndefined();
  // A batch script by itself, whatever number of tasks its job may have.
  expect(membershipOf({ SLURM_JOB_ID: '17', SLURM_NTASKS: '4', SLURM_PROCID: '0' })).toBeUndefined();
});

test('torchrun’s variables', () => {
  const expected = { rank: 2, size: 4, localRank: 0, host: 'node1', port: 29_500, job: '' };
  expect(membershipOf(torch)).toEqual(expected);
  const elastic = { TORCHELASTIC_USE_AGENT_STORE: 'True', TORCHELASTIC_RUN_ID: 'mine' };
  expect(membershipOf({ ...torch, ...elastic })).toEqual({ ...expected, port: 29_501, job: 'mine' });
});

test('TF_CONFIG goes before them: chiefs first, then workers', () => {
  const second = membershipOf({ ...torch, ...tensorflow({ worker: workers }, { type: 'worker', index: 3 }) });
  expect(second).toEqual({ rank: 3, size: 4, localRank: 1, host: 'a', port: 5000, job: '' });
  const cluster = { chief: ['c:1'], worker: ['d:2'] };
  expect(membershipOf(tensorflow(cluster, { type: 'worker', index: 0 }))).toMatchObject({
    rank: 1,
    size: 2,
    host: 'c',
  });
  expect(membershipOf(tensorflow(cluster, { type: 'chief', index: 0 }))).toMatchObject({ rank: 0, port: 1 });
});

test('a task of srun', () => {
  expect(membershipOf(slurm)).toEqual({ rank: 3, size: 4, localRank: 1, host: 'gpu03', port: 20_527, job: '17.0' });
});

test.each([
  ['node7', 'node7'],
  ['node[003-007,12],other', 'node003'],
  ['rack[1,2]-node,b', 'rack1-node'],
  ['a,b', 'a'],
])('the first host of %s is %s', (list, host) => {
  expect(firstHost(list)).toBe(host);
});

test.each<[string, NodeJS.ProcessEnv, RegExp]>([
  ['a number that is none', { ...torch, RANK: 'x' }, /RANK is 'x'/],
  ['no port', { ...torch, MASTER_PORT: '' }, /MASTER_PORT is ''/],
  ['a rank beyond the last', { ...torch, RANK: '4' }, /process 4 of 4/],
  ['three processes', { ...torch, WORLD_SIZE: '3' }, /3 processes cannot share a batch/],
  ['no JSON', { TF_CONFIG: 'worker' }, /TF_CONFIG is no JSON/],
  [
    'a parameter server',
    tensorflow({ worker: workers }, { type: 'ps', index: 0 }),
    /no worker that this process could be/,
  ],
  [
    'an address without a port',
    tensorflow({ worker: ['a', 'b'] }, { index: 0 }),
    /no worker that this process could be/,
  ],
])('%s is refused by name', (_, environment, words) => {
  expect(() => membershipOf(environment)).toThrow(words);
});

test('what a process starts is none of them', () => {
  const environment = { PATH: '/bin', SLURM_JOB_ID: '17', ...torch, ...tensorflow({ worker: workers }, {}) };
  expect(withoutMembership(environment)).toEqual({ PATH: '/bin', SLURM_JOB_ID: '17' });
  expect(membershipOf(withoutMembership({ ...environment, ...slurm }))).toBeUndefined();
});
