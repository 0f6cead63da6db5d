import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { integer, uniform, type RandomKey } from '@selfsup/kit/random';
import { addExperiment, ended, killGroup, type Workspace } from '../workspace.ts';
import { shiftNames, shifts, started, type Clock } from './clock.ts';
import type { Struck } from './struck.ts';

const command = ['stage', 'faults-clock', 'pretrain'] as const;
/** Long enough for a busy machine to have loaded all, and to train, when the clock is moved. */
const limitSeconds = 40;
/** What a busy machine may take to load, to save and to end. */
const patience = 60;

/** Declares a training that does not end by itself. */
export function addLongTraining(root: string): void {
  const config = {
    network: { name: 'nin', blocks: 3, width: 8 },
    data: { augment: { padCrop: 4, flip: true } },
    ...{ epochs: 1_000_000, batchSize: 16, checkpoint: { everySeconds: 1 } },
  };
  addExperiment(root, 'faults-clock', {
    stages: { pretrain: { uses: 'tasks/rotnet', needs: { dataset: 'data/replay' }, config } },
  });
}

/** A time limit, and a clock that is moved before it is reached: the training has to end neither at once nor never. */
export async function shiftBeforeLimit(live: Workspace, clock: Clock, key: RandomKey): Promise<Struck> {
  const shift = shiftNames[integer(key, shiftNames.length, 1)]!;
  clear(live);
  const began = performance.now();
  const child = live.start('selfsup', command, { ...clock.env, SELFSUP_MAX_MINUTES: String(limitSeconds / 60) });
  const end = ended(child);
  const timer = setTimeout(() => killGroup(child), (limitSeconds + patience) * 1000);
  const hasStarted = await started(child);
  await Promise.race([end, sleep(uniform(key, 2) * 3000)]);
  const left = limitSeconds - (performance.now() - began) / 1000;
  const struck = hasStarted && child.exitCode === null && left > 3 ? 1 : 0;
  clock.set(shifts[shift]);
  const { code, output } = await end;
  clearTimeout(timer);
  const took = (performance.now() - began) / 1000;
  const seen: string[] = [];
  if (code !== 130) seen.push(`ended with ${code} after ${took.toFixed(1)} s: ${output.slice(-500)}`);
  if (took < limitSeconds) seen.push(`a limit of ${limitSeconds} s ended it after ${took.toFixed(1)} s`);
  if (checkpointsOf(live).length === 0) seen.push('nothing was saved');
  const about = `SELFSUP_MAX_MINUTES of ${limitSeconds} s, ${shift}: ended after ${took.toFixed(1)} s`;
  return { struck, lost: 0, seen, about };
}

/**
 * Two processes that cannot see each other want one stage. The clock of who waits, or of who works, is a year ahead from the
 * start or from then on: nothing may be taken over while the other works, and all once it has stopped.
 */
export async function shiftAtLease(live: Workspace, clocks: readonly [Clock, Clock], key: RandomKey): Promise<Struck> {
  const [works, waits] = clocks;
  const how = (['waiter, from its start', 'waiter, meanwhile', 'worker, meanwhile'] as const)[integer(key, 3, 1)]!;
  clear(live);
  const seen: string[] = [];
  const first = live.start('selfsup', command, works.env, true);
  const firstEnd = ended(first);
  if (!(await started(first))) seen.push(`the first did not start: ${(await firstEnd).output.slice(-500)}`);
  const holder = holderOf(live);
  if (how === 'waiter, from its start') waits.set(shifts['a year forward']);
  const second = live.start('selfsup', command, waits.env, true);
  const secondEnd = ended(second);
  const takesOver = started(second);
  let said = '';
  for (const stream of [second.stdout!, second.stderr!])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (let i = 0; i < patience * 10 && !/is at this already/.test(said) && second.exitCode === null; i++)
    await sleep(100);
  const isWaiting = /is at this already/.test(said) && second.exitCode === null;
  if (!isWaiting) seen.push(`the second does not wait: ${said.slice(-500)}`);
  await sleep(uniform(key, 2) * 3000);
  if (how !== 'waiter, from its start') (how === 'worker, meanwhile' ? works : waits).set(shifts['a year forward']);
  // Two beats of the lease, and some looks at it.
  await sleep(11_000);
  if (/: started/.test(said) || holderOf(live) !== holder)
    seen.push('it was taken over from a process that was at work');
  if (first.exitCode !== null)
    seen.push(`the first ended with ${first.exitCode}: ${(await firstEnd).output.slice(-500)}`);
  const inTime = <Value>(end: Promise<Value>): Promise<Value | undefined> =>
    Promise.race([end, sleep(patience * 1000, undefined)]);
  terminate(first.pid!);
  const end = await inTime(firstEnd);
  if (end?.code !== 130) seen.push(`the first, told to stop, ended with ${end?.code}: ${end?.output.slice(-500)}`);
  if ((await inTime(takesOver)) !== true) seen.push(`the second did not go on: ${said.slice(-500)}`);
  terminate(second.pid!);
  const last = await inTime(secondEnd);
  if (last?.code !== 130) seen.push(`the second, told to stop, ended with ${last?.code}: ${last?.output.slice(-500)}`);
  for (const child of [first, second]) killGroup(child);
  return { struck: isWaiting ? 1 : 0, lost: 0, seen, about: `two processes at one lease, a year forward: ${how}` };
}

/** Tells the command alone, which runs in the process namespace that its parent made: that passes nothing on. */
function terminate(parent: number): void {
  try {
    const [child] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ');
    if (child) process.kill(Number(child), 'SIGTERM');
  } catch {
    // It has ended.
  }
}

const workOf = ({ artifacts }: Workspace): string => join(artifacts, 'work/faults-clock/base/seed-1/pretrain');

function clear(live: Workspace): void {
  rmSync(workOf(live), { recursive: true, force: true });
}

function checkpointsOf(live: Workspace): string[] {
  return readdirSync(workOf(live), { recursive: true, encoding: 'utf8' }).filter((name) => /step-\d+/.test(name));
}

/** Who holds the lease, by the name that the lease gives it. */
function holderOf(live: Workspace): string | undefined {
  for (let tries = 0; tries < 20; tries++) {
    const held = readdirSync(join(workOf(live), 'lease')).find((name) => name.startsWith('held-'));
    if (held !== undefined) return held.split('-')[1];
  }
  return undefined;
}
