import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { integer, uniform, type RandomKey } from '@selfsup/kit/random';
import { compare } from '../judge.ts';
import { commandOf, ended, foldersOf, type Unit, type Workspace } from '../workspace.ts';
import { shiftNames, shifts, started, type Clock } from './clock.ts';
import type { Struck } from './struck.ts';

const units: readonly Unit[] = [
  { experiment: 'data', stage: 'replay' },
  ...['encoder', 'features', 'linear'].map((stage) => ({ experiment: 'replay-evaluations', stage })),
  ...['bigan', 'deepcluster', 'jigsaw'].map((stage) => ({ experiment: 'replay-pretext', stage })),
];
const zones = ['Pacific/Kiritimati', 'Asia/Kathmandu', 'America/St_Johns'] as const;
/** The two nights of 2026 in which the hour changes in Berlin. */
const changes = ['2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z'] as const;

interface Run {
  readonly started: string;
  readonly finished: string;
  readonly wallSeconds: number;
}

/** What the cases need. */
export interface Means {
  readonly alone: Workspace;
  readonly live: Workspace;
  readonly clock: Clock;
}

/** The clock is moved while a stage works: at a moment drawn over the time that it took before. */
export async function shiftInStage(means: Means, key: RandomKey): Promise<Struck> {
  const unit = units[integer(key, units.length, 0)]!;
  const shift = shiftNames[integer(key, shiftNames.length, 1)]!;
  const { wallSeconds } = runOf(means.alone, unit);
  const { run, seen, lost } = await stageWith(means, unit, {}, async (isOver) => {
    await sleep(uniform(key, 2) * wallSeconds * 900);
    // The next case has a clock of its own.
    if (!isOver()) means.clock.set(shifts[shift]);
  });
  const jump = run === undefined ? 0 : jumpOf(run);
  if (Math.abs(jump) > 0.5 && Math.abs(jump - shifts[shift]) > 0.5) seen.push(`its times are ${jump} s apart`);
  const about = `${commandOf(unit).join(' ')}, ${shift}; its end less its begin is ${jump.toFixed(1)} s more than it took`;
  return { struck: Math.abs(jump) > 0.5 ? 1 : 0, lost, seen, about };
}

/** The stage runs in another zone, or is at work in the moment in which the hour changes: the clock is set before that. */
export async function zoneInStage(means: Means, key: RandomKey, isChange: boolean): Promise<Struck> {
  const unit = units[integer(key, units.length, 0)]!;
  if (!isChange) {
    const zone = zones[integer(key, zones.length, 1)]!;
    const { seen, lost } = await stageWith(means, unit, { TZ: zone }, () => Promise.resolve());
    const off = means.clock.read({ TZ: zone }).zone;
    return { struck: off === 0 ? 0 : 1, lost, seen, about: `${commandOf(unit).join(' ')} in ${zone}, ${off} h` };
  }
  const at = Date.parse(changes[integer(key, changes.length, 1)]!);
  const until = (seconds: number): number => (at - Date.now()) / 1000 - seconds;
  means.clock.set(until(120));
  const { run, seen, lost } = await stageWith(means, unit, { TZ: 'Europe/Berlin' }, () => {
    means.clock.set(until(1));
    return Promise.resolve();
  });
  const isWithin = run !== undefined && Date.parse(run.started) < at && Date.parse(run.finished) >= at;
  const about = `${commandOf(unit).join(' ')} in Europe/Berlin, ${run?.started} to ${run?.finished}`;
  return { struck: isWithin ? 1 : 0, lost, seen, about };
}

/** Runs a stage anew, does something once it has started, and looks at what comes of it. */
async function stageWith(
  { alone, live, clock }: Means,
  unit: Unit,
  more: NodeJS.ProcessEnv,
  meanwhile: (isOver: () => boolean) => Promise<void>,
): Promise<{ run: Run | undefined; seen: string[]; lost: number }> {
  const { published, work } = foldersOf(unit);
  for (const path of [published, work, 'store/keys'])
    rmSync(join(live.artifacts, path), { recursive: true, force: true });
  const env = { TZ: 'UTC', ...more, ...clock.env };
  const began = performance.now();
  const child = live.start('selfsup', commandOf(unit), env);
  let isOver = false;
  const end = ended(child).finally(() => (isOver = true));
  if (await started(child)) await Promise.race([meanwhile(() => isOver), end]);
  const { code, output } = await end;
  const took = (performance.now() - began) / 1000;
  const seen = code === 0 ? [] : [`ended with ${code}: ${output.slice(-600)}`];
  // What is done is done, whatever the clock says, and in whatever zone.
  const again = await live.run('selfsup', commandOf(unit), { ...env, TZ: 'UTC' });
  if (again.code !== 0 || /: started/.test(again.output)) seen.push(`again: ${again.output.slice(-300)}`);
  const { lost, wrong } = compare(alone.artifacts, live.artifacts, [published]);
  seen.push(...lost, ...wrong);
  const run = lost.length > 0 ? undefined : runOf(live, unit);
  if (run !== undefined && !(run.wallSeconds > 0 && run.wallSeconds < took))
    seen.push(`it is said to have taken ${run.wallSeconds} s, and the whole command took ${took.toFixed(1)} s`);
  return { run, seen, lost: lost.length };
}

function runOf({ artifacts }: Workspace, unit: Unit): Run {
  return JSON.parse(readFileSync(join(artifacts, foldersOf(unit).published, 'run.json'), 'utf8')) as Run;
}

/** Seconds by which begin and end are further apart than a clock that nobody sets says. */
function jumpOf({ started: from, finished, wallSeconds }: Run): number {
  return (Date.parse(finished) - Date.parse(from)) / 1000 - wallSeconds;
}
