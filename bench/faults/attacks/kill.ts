import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveKey, integer, permutation, uniform, type RandomKey } from '@selfsup/kit/random';
import { openDisk } from '@selfsup/kit/testing/faulty-disk';
import type { Attack, Outcome } from '../campaign.ts';
import { compare, digestOf, faultsIn, publishedBelow, startReader } from '../judge.ts';
import { faultsInRemote } from '../remote.ts';
import {
  commandOf,
  copyOf,
  ended,
  experiments,
  foldersOf,
  killGroup,
  reference,
  stagesOf,
  type Ended,
  type Unit,
  type Workspace,
} from '../workspace.ts';

/** A command that is killed: what it is for has to be undone before, and looked at afterwards. */
interface Target {
  readonly name: string;
  readonly command: 'selfsup' | 'nx';
  readonly args: readonly string[];
  readonly units: readonly Unit[];
  readonly env?: NodeJS.ProcessEnv;
  undo(key: RandomKey): void;
  /** Lines of what is wrong when it has ended by itself. */
  judge(): string[] | Promise<string[]>;
}

/** Kills of one target, in a row unless it ended by itself, before it is left to end. */
const killsOfOne = 8;

/** How long a command takes that is left alone, and how many operations on the disk. */
interface Profile {
  readonly milliseconds: number;
  readonly operations: number;
}

const attack: Attack = {
  title: 'kill -9 at random moments',
  cases: 125,
  async open({ folder, key }) {
    const above = dirname(folder);
    const alone = await reference(above);
    const live = copyOf(alone, join(folder, 'artifacts'));
    const remote = join(folder, 'remote');
    const targets = targetsOf(live, alone, remote);
    const order = permutation(key, targets.length);
    const disk = openDisk(join(above, 'disk'));
    if (!existsSync(remote))
      for (const name of experiments) await live.run('selfsup', ['push', name], { SELFSUP_REMOTE: remote });
    const kept = join(folder, 'profiles.json');
    const profiles: Record<string, Profile> = existsSync(kept)
      ? (JSON.parse(readFileSync(kept, 'utf8')) as Record<string, Profile>)
      : {};
    const profileOf = async (target: Target): Promise<Profile> => {
      const began = performance.now();
      const env = { ...target.env, ...disk.env('count', { root: folder }) };
      const { code, output } = await live.run(target.command, target.args, env);
      if (code !== 0) throw new Error(`${target.name}, left alone, ends with ${code}: ${output.slice(-500)}`);
      profiles[target.name] = { milliseconds: performance.now() - began, operations: disk.count() };
      writeFileSync(kept, JSON.stringify(profiles));
      return profiles[target.name]!;
    };

    const strike = async (which: number): Promise<Outcome> => {
      const drawn = deriveKey(key, which);
      const target = targets[order[which % targets.length]!]!;
      const places = target.units.map((unit) => foldersOf(unit).published);
      target.undo(drawn);
      const known = profiles[target.name];
      const profile = known ?? (await profileOf(target));
      if (known === undefined) target.undo(drawn);
      const seen: string[] = [];
      let struck = 0;
      let lost = 0;
      const hows: string[] = [];
      const judge = async ({ code, output }: Ended, all: boolean): Promise<void> => {
        if (code !== 0) seen.push(`run again it ends with ${code}: ${output.slice(-800)}`);
        seen.push(...(await target.judge()));
        const judged = compare(alone.artifacts, live.artifacts, all ? publishedBelow(alone.artifacts) : places);
        lost += judged.lost.length;
        seen.push(...judged.lost, ...judged.wrong);
      };
      const reader = startReader(live.artifacts, places);
      for (let kill = 0; kill < killsOfOne; kill++) {
        const how = await killedOnce(target, { kill, drawn, profile });
        hows.push(how.about);
        if (how.struck) struck += 1;
        else {
          // It ended before: what came of it is looked at, and there has to be something to kill again.
          await judge(how.end!, false);
          target.undo(drawn);
        }
      }
      await judge(await live.run(target.command, target.args, target.env), which % 10 === 9);
      seen.push(...(await reader.stop()));
      const about = `${target.name}, killed at ${hows.join(', ')}; ${reader.looks()} looks`;
      const wrong = seen.length - lost;
      return { struck, lost, wrong, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };

    /** Starts a command and kills it: at a moment, or at one of its operations on the disk. */
    const killedOnce = async (
      target: Target,
      { kill, drawn, profile }: { readonly kill: number; readonly drawn: RandomKey; readonly profile: Profile },
    ): Promise<{ struck: boolean; about: string; end?: Ended }> => {
      const how = integer(drawn, 4, 10 + kill);
      const at = 1 + Math.floor(uniform(drawn, 20 + kill) * profile.operations);
      const after = uniform(drawn, 30 + kill) * profile.milliseconds * 1.05;
      const isNx = target.command === 'nx';
      const byOperation = how < 2;
      const env = byOperation ? disk.env('kill', { root: folder, at }) : {};
      const child = live.start(target.command, target.args, { ...target.env, ...env });
      const end = ended(child);
      let over: Ended | undefined;
      void end.then((one) => (over = one));
      // What started the one that is killed at an operation may say so and end by itself.
      if (byOperation) while (over === undefined && disk.count() < at) await sleep(5);
      else await Promise.race([end, sleep(after)]);
      const struck = byOperation ? disk.count() >= at : over === undefined;
      if (struck && byOperation && isNx) await Promise.race([end, sleep(3000)]);
      if (!byOperation && how === 2 && isNx) child.kill('SIGKILL');
      if (over === undefined && (byOperation || how === 3 || !isNx)) killAll(child.pid!, live.artifacts);
      killGroup(child);
      await Promise.race([end, sleep(2000)]);
      const alone = !byOperation && how === 2 && isNx ? ' (Nx alone)' : '';
      const about = byOperation ? `operation ${at}` : `${Math.round(after)} ms${alone}`;
      return struck ? { struck, about } : { struck, about: `${about} (over)`, end: over! };
    };
    return { strike };
  },
};
export default attack;

function targetsOf(live: Workspace, alone: Workspace, remote: string): Target[] {
  const at = (...path: string[]): string => join(live.artifacts, ...path);
  const forget = ({ experiment, stage }: Unit): void => {
    const { published, work } = foldersOf({ experiment, stage });
    removeOwnBlobs(live.artifacts, published);
    for (const path of [published, work, 'store/keys']) rmSync(at(path), { recursive: true, force: true });
  };
  const nothing = (): string[] => [];
  const stages = experiments.flatMap((experiment) =>
    stagesOf(live, experiment).map(({ stage }) => ({ experiment, stage })),
  );
  const datasets = readdirSync(join(live.root, 'pipelines/datasets')).filter((name) => existsSync(at(name, 'ingest')));
  const ofUnit = (unit: Unit): Target => ({
    name: `${unit.experiment}/${unit.stage}`,
    command: 'selfsup',
    args: commandOf(unit),
    units: [unit],
    undo: () => forget(unit),
    judge: nothing,
  });
  const started = stages.filter((_, i) => i % 7 === 0);
  const team = { SELFSUP_REMOTE: remote };
  return [
    ...[
      ...stages,
      ...datasets.map((stage) => ({ experiment: 'data', stage })),
      ...datasets.map((stage) => ({ experiment: 'data', stage })),
    ].map(ofUnit),
    ...started.map((unit): Target => ({
      ...ofUnit(unit),
      name: `run ${unit.experiment}/${unit.stage}`,
      args: ['run', unit.experiment, '--stage', unit.stage],
    })),
    ...started.map((unit): Target => ({
      ...ofUnit(unit),
      name: `nx ${unit.experiment}/${unit.stage}`,
      command: 'nx',
      args: ['run', `exp-${unit.experiment}:${unit.stage}-seed-1`, '--skip-nx-cache'],
    })),
    ...experiments.flatMap((name): Target[] => [
      {
        ...{ name: `report ${name}`, command: 'selfsup', args: ['report', name], units: [] },
        undo: () => rmSync(at(name, 'report'), { recursive: true, force: true }),
        // It tells when and how long the stages ran that are there now.
        async judge() {
          const page = at(name, 'report/index.html');
          const found = digestOf(page);
          rmSync(dirname(page), { recursive: true });
          await live.run('selfsup', ['report', name]);
          return found === digestOf(page) ? [] : ['the report is another than that of a run left alone'];
        },
      },
      {
        ...{
          name: `gc of ${name}`,
          command: 'selfsup',
          args: ['gc', '--yes', '--min-age', '0'],
          units: stages.filter(({ experiment }) => experiment === name),
        },
        undo: () => junk(live.artifacts),
        judge: () => publishedBelow(live.artifacts).flatMap((below) => faultsIn(live.artifacts, below)),
      },
      {
        ...{ name: `push ${name}`, command: 'selfsup', args: ['push', name], units: [], env: team },
        undo: () => rmSync(remote, { recursive: true, force: true }),
        judge: () => faultsInRemote(remote),
      },
      {
        ...{ name: `pull ${name}`, command: 'selfsup', args: ['pull', name, '--blobs'], env: team },
        units: stages.filter(({ experiment }, i) => experiment === name && i % 5 === 0),
        undo: () => {
          for (const [i, unit] of stages.entries()) if (unit.experiment === name && i % 5 === 0) forget(unit);
        },
        judge: nothing,
      },
    ]),
  ];
}

/** Removes the blobs that only this result names, so that they have to be stored again. */
function removeOwnBlobs(artifacts: string, below: string): void {
  const named = (place: string): string[] => {
    const file = join(artifacts, place, 'manifest.json');
    if (!existsSync(file)) return [];
    const { blobs } = JSON.parse(readFileSync(file, 'utf8')) as { blobs: Record<string, { sha256: string }> };
    return Object.values(blobs).map(({ sha256 }) => sha256);
  };
  const others = new Set(
    publishedBelow(artifacts)
      .filter((place) => place !== below)
      .flatMap(named),
  );
  for (const digest of named(below).filter((one) => !others.has(one))) {
    for (const path of ['sha256', 'verified']) {
      const file = join(artifacts, 'store', path, digest.slice(0, 2), path === 'verified' ? `${digest}.json` : digest);
      rmSync(file, { recursive: true, force: true });
    }
  }
}

/** Blobs that nobody names. */
function junk(artifacts: string): void {
  for (let i = 0; i < 30; i++) {
    const digest = randomBytes(32).toString('hex');
    const file = join(artifacts, 'store/sha256', digest.slice(0, 2), digest);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, digest);
  }
}

/** Kills all processes of one session, or that work on these artifacts: stages under Nx are in groups of their own. */
function killAll(first: number, artifacts: string): void {
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      const isOurs = readFileSync(`/proc/${name}/environ`, 'utf8').includes(`SELFSUP_ARTIFACTS=${artifacts}`);
      if (Number(fields[3]) === first || isOurs) process.kill(Number(name), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}
