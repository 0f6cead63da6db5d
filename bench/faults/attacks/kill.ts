import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveKey, integer, permutation, uniform, type RandomKey } from '@selfsup/kit/random';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import type { Attack, Outcome } from '../campaign.ts';
import { newestStep } from '../checkpoints.ts';
import { compare, publishedBelow, startReader } from '../judge.ts';
import { pushOnce } from '../remote.ts';
import { targetsOf, type Target } from '../targets.ts';
import { copyOf, ended, experiments, foldersOf, killGroup, reference, type Ended } from '../workspace.ts';

/** Kills of one target, in a row unless it ended by itself, before it is left to end. */
const killsOfOne = 8;

/** How long a command takes that is left alone, when it first did something on the disk, and how many operations it does there. */
interface Profile {
  readonly milliseconds: number;
  readonly first: number;
  readonly operations: number;
}

/** What somebody may count on: published results, and the newest checkpoint of each unit of the target. */
interface Standing {
  readonly published: readonly string[];
  readonly steps: readonly number[];
}

const attack: Attack = {
  title: 'kill -9 at random moments',
  cases: 160,
  async open({ folder, key }) {
    const above = dirname(folder);
    const alone = await reference(above);
    const live = copyOf(alone, join(folder, 'artifacts'));
    const remote = join(folder, 'remote');
    const targets = targetsOf(live, remote);
    const order = permutation(key, targets.length);
    const disk = openDisk(join(above, 'disk'));
    await pushOnce(live, experiments, remote);
    const kept = join(folder, 'profiles.json');
    const profiles: Record<string, Profile> = existsSync(kept)
      ? (JSON.parse(readFileSync(kept, 'utf8')) as Record<string, Profile>)
      : {};
    const profileOf = async (target: Target): Promise<Profile> => {
      target.undo();
      const began = performance.now();
      const env = { ...target.env, ...disk.env('count', { root: folder }) };
      const end = live.run(target.command, target.args, env);
      let isOver = false;
      void end.then(() => (isOver = true));
      while (!isOver && disk.count() === 0) await sleep(5);
      const first = performance.now() - began;
      const { code, output } = await end;
      if (code !== 0) throw new Error(`${target.name}, left alone, ends with ${code}: ${output.slice(-500)}`);
      const profile = { milliseconds: performance.now() - began, first, operations: disk.count() };
      writeFileSync(kept, JSON.stringify({ ...profiles, [target.name]: profile }));
      return (profiles[target.name] = profile);
    };

    const strike = async (which: number): Promise<Outcome> => {
      const drawn = deriveKey(key, which);
      const target = targets[order[which % targets.length]!]!;
      const folders = target.units.map(foldersOf);
      const places = folders.map(({ published }) => published);
      const profile = profiles[target.name] ?? (await profileOf(target));
      await target.begin?.();
      target.undo();
      const seen: string[] = [];
      let struck = 0;
      let lost = 0;
      const hows: string[] = [];
      const lose = (faults: readonly string[]): void => {
        lost += faults.length;
        seen.push(...faults);
      };
      const differ = (units: readonly string[], underway = false): void => {
        const judged = compare(alone.artifacts, live.artifacts, units, { underway });
        lose(judged.lost);
        seen.push(...judged.wrong);
      };
      const judge = ({ code, output }: Ended, all: boolean): void => {
        if (code !== 0) seen.push(`run again it ends with ${code}: ${output.slice(-800)}`);
        seen.push(...(target.judge?.() ?? []));
        differ(all ? publishedBelow(alone.artifacts) : places);
      };
      const stepsOf = (): number[] => folders.map(({ work }) => newestStep(join(live.artifacts, work)));
      const standing = (): Standing => ({ published: publishedBelow(live.artifacts), steps: stepsOf() });
      const reader = startReader(live.artifacts, places, target.watch);
      let before = standing();
      for (let kill = 0; kill < killsOfOne; kill++) {
        const how = await killedOnce(target, { kill, drawn, profile });
        hows.push(how.about);
        const after = standing();
        lose(lossesFrom(before, after, places).map((fault) => `${fault}, after the kill at ${how.about}`));
        before = after;
        if (how.struck) struck += 1;
        if (how.end !== undefined) judge(how.end, false);
        const isMade = places.length > 0 && places.every((place) => before.published.includes(place));
        if (how.end === undefined && isMade) differ(places, true);
        // There has to be something to kill again; the last one is left, and has to do as it is.
        if (how.end !== undefined || (isMade && kill < killsOfOne - 1)) {
          target.undo();
          before = standing();
        }
      }
      // Where Nx alone was killed, its stage may come to its end meanwhile: then there is nothing to go on from.
      const isAlone = processesOf(live.artifacts).length === 0;
      const end = await live.run(target.command, target.args, target.env);
      const from = Math.max(
        0,
        ...[...end.output.matchAll(/Going on from step (\d+)/g)].map(([, step]) => Number(step)),
      );
      for (const [i, step] of before.steps.entries())
        if (isAlone && !before.published.includes(places[i]!) && from < step)
          seen.push(`there was a checkpoint of step ${step}, and it went on from ${from}`);
      judge(end, true);
      seen.push(...(await reader.stop()));
      const about = `${target.name}, killed at ${hows.join(', ')}; ${reader.looks()} looks`;
      const wrong = seen.length - lost;
      return { struck, lost, wrong, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };

    /**
     * Starts a command and kills it: at a moment, or at one of its operations on the disk. It has struck where the command had
     * done something there; `end` is that of one that ended before.
     */
    const killedOnce = async (
      target: Target,
      { kill, drawn, profile }: { readonly kill: number; readonly drawn: RandomKey; readonly profile: Profile },
    ): Promise<{ struck: boolean; about: string; end?: Ended }> => {
      const how = integer(drawn, 4, 10 + kill);
      const at = 1 + Math.floor(uniform(drawn, 20 + kill) * profile.operations);
      const { first, milliseconds } = profile;
      const after = first + uniform(drawn, 30 + kill) * (milliseconds * 1.05 - first);
      const isNx = target.command === 'nx';
      const byOperation = how < 2;
      const env = byOperation ? disk.env('kill', { root: folder, at }) : disk.env('count', { root: folder });
      const child = live.start(target.command, target.args, { ...target.env, ...env });
      const end = ended(child);
      let over: Ended | undefined;
      void end.then((one) => (over = one));
      // What started the one that is killed at an operation may say so and end by itself.
      if (byOperation) while (over === undefined && disk.count() < at) await sleep(5);
      else await Promise.race([end, sleep(after)]);
      const isOver = over !== undefined;
      const struck = byOperation ? disk.count() >= at : !isOver && disk.count() > 0;
      if (struck && byOperation && isNx) await Promise.race([end, sleep(3000)]);
      if (!byOperation && how === 2 && isNx) child.kill('SIGKILL');
      if (over === undefined && (byOperation || how === 3 || !isNx)) killAll(child.pid!, live.artifacts);
      killGroup(child);
      await Promise.race([end, sleep(2000)]);
      const alone = !byOperation && how === 2 && isNx ? ' (Nx alone)' : '';
      const about = byOperation ? `operation ${at}` : `${Math.round(after)} ms${alone}`;
      if (struck) return { struck, about };
      return isOver ? { struck, about: `${about} (over)`, end: over! } : { struck, about: `${about} (too early)` };
    };
    return { strike };
  },
};
export default attack;

/** Results that were there before a kill and are not after it, and checkpoints later than any that are left. */
function lossesFrom(before: Standing, after: Standing, places: readonly string[]): string[] {
  const gone = before.published.filter((below) => !after.published.includes(below)).map((below) => `${below} is gone`);
  const steps = before.steps.flatMap((step, i) =>
    step > after.steps[i]! && !after.published.includes(places[i]!)
      ? [`the newest checkpoint was of step ${step}, and is of ${after.steps[i]}`]
      : [],
  );
  return [...gone, ...steps];
}

/** Kills all processes of one session, or that work on these artifacts: stages under Nx are in groups of their own. */
function killAll(first: number, artifacts: string): void {
  const ofSession = allProcesses().filter((id) => sessionOf(id) === first);
  for (const id of new Set([...ofSession, ...processesOf(artifacts)])) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

/** Those that work on these artifacts. */
const processesOf = (artifacts: string): number[] =>
  allProcesses().filter((id) => read(id, 'environ').split('\0').includes(`SELFSUP_ARTIFACTS=${artifacts}`));

/** The session of a process: the fourth field behind its name. */
function sessionOf(id: number): number {
  const [, , , session] = read(id, 'stat')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(session);
}

const allProcesses = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

/** What the system says of a process; nothing of one that has ended. */
function read(id: number, what: string): string {
  try {
    return readFileSync(`/proc/${id}/${what}`, 'utf8');
  } catch {
    return '';
  }
}
