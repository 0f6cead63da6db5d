// A small training of each system by 1, 2 and 4 processes; then by changing numbers of them, killed at random moments in random
// processes. All have to end with the bits of one process that is left alone:
// node --import tsx bench/scale/kills.ts [--systems rotnet,deepcluster] [--kills 20] [--seed 1] [--folder <to be kept>]
// Fails where results differ, where a process that was left hangs for a minute, or ends otherwise than it ought to.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { integer, randomKey, uniform } from '@selfsup/kit/random';
import { compare } from '../faults/judge.ts';
import { copyOf, foldersOf, openWorkspace, type Ended, type Workspace } from '../faults/workspace.ts';
import { startRanks } from './ranks.ts';
import { checkOutSystems, experimentName as experiment, systems, type System } from './small-systems.ts';

const { values: options } = parseArgs({
  options: {
    systems: { type: 'string', default: systems.join(',') },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string' },
  },
});
const sizes = [1, 2, 4] as const;
type Size = (typeof sizes)[number];
const chosen = options.systems.split(',').map((name) => {
  const system = systems.find((one) => one === name);
  if (system === undefined) throw new Error(`No system '${name}': ${systems.join(', ')}`);
  return system;
});
/** The exit code of who has lost another. */
const LOST = 75;
/** In tenths of a second, in which those that are left have to end. */
const PATIENCE = 600;

/** What came of a system. */
interface Row {
  readonly system: System;
  /** Digest of the final checkpoint, and seconds from the first's beginning to the end of all, by number of processes. */
  readonly digests: Partial<Record<Size, string>>;
  readonly seconds: Partial<Record<Size, number>>;
  kills: number;
  /** Kills of the first of several processes. */
  ofFirst: number;
  /** Results of killed trainings that were compared. */
  compared: number;
  /** Seconds that the last of those that were left needed to end. */
  slowest: number;
  readonly faults: string[];
}

const folder = resolve(options.folder ?? mkdtempSync(join(tmpdir(), 'kills-')));
process.exitCode = (await run()) ? 0 : 1;
if (options.folder === undefined) rmSync(folder, { recursive: true });

async function run(): Promise<boolean> {
  const root = join(folder, 'checkout');
  rmSync(root, { recursive: true, force: true });
  checkOutSystems(root);
  const data = openWorkspace(root, join(folder, 'data'));
  for (const name of ['replay', 'single-image-together']) await requireEnd(data.run('selfsup', ['ingest', name]));
  const ofSize = new Map(sizes.map((size) => [size, copyOf(data, join(folder, `of-${size}`))]));
  const alone = ofSize.get(1)!;
  const rows: Row[] = [];
  for (const system of chosen) {
    const row: Row = { system, digests: {}, seconds: {}, kills: 0, ofFirst: 0, compared: 0, slowest: 0, faults: [] };
    for (const size of sizes) {
      const workspace = ofSize.get(size)!;
      row.seconds[size] = await toTheEnd(workspace, system, size);
      row.digests[size] = checkpointIn(workspace, system);
      judge(row, alone, workspace);
      console.log(`${system} by ${size}: ${row.digests[size]!.slice(0, 16)}, ${row.seconds[size]!.toFixed(1)} s`);
    }
    await killAgainAndAgain(row, alone);
    rows.push(row);
  }
  console.log(`\n${tableOf(rows)}`);
  const faults = rows.flatMap((row) => row.faults.map((fault) => `${row.system}: ${fault}`));
  console.log(faults.length === 0 ? 'All bits are the same.' : faults.join('\n'));
  return faults.length === 0;
}

/** Computes a stage, again where a process was lost. Gives the seconds of the last attempt. */
async function toTheEnd(workspace: Workspace, system: System, size: Size): Promise<number> {
  for (let losses = 0; ; losses++) {
    const ranks = await startRanks(workspace, size, ['stage', experiment, system]);
    await ranks.begun;
    const began = performance.now();
    const ends = await ranks.over;
    if (ends.every(({ code }) => code === 0)) return (performance.now() - began) / 1000;
    if (losses === 3 || ends.some(({ code }) => code !== LOST && code !== 0)) throw new Error(told(ends));
    console.log(`${system} by ${size}: lost by itself:\n${told(ends)}`);
  }
}

async function killAgainAndAgain(row: Row, alone: Workspace): Promise<void> {
  const { system } = row;
  const key = randomKey(Number(options.seed), 'kills', system);
  const live = copyOf(alone, join(folder, 'killed'));
  forget(live, system);
  const kills = Number(options.kills);
  let size: Size = 1;
  for (let trial = 0; row.kills < kills && trial < 10 * kills; trial++) {
    const draw = (which: number): number => 10 * trial + which;
    size = another(size, integer(key, sizes.length - 1, draw(0)));
    const victim = integer(key, size, draw(1));
    const after = uniform(key, draw(2)) * row.seconds[size]!;
    const ranks = await startRanks(live, size, ['stage', experiment, system]);
    await ranks.begun;
    await Promise.race([ranks.over, sleep(1000 * after)]);
    ranks.kill(victim);
    const began = performance.now();
    const ends = await inTime(ranks.over);
    const seconds = (performance.now() - began) / 1000;
    if (ends === undefined) {
      row.faults.push(`of ${size} one still hangs a minute after number ${victim} was killed`);
      for (let rank = 0; rank < size; rank++) ranks.kill(rank);
      await ranks.over;
      continue;
    }
    if (ends[victim]!.signal === 'SIGKILL') {
      row.kills += 1;
      if (size > 1 && victim === 0) row.ofFirst += 1;
      row.slowest = Math.max(row.slowest, seconds);
    }
    const left = ends.filter(({ signal }) => signal !== 'SIGKILL');
    if (left.some(({ code }) => code !== LOST && code !== 0)) row.faults.push(told(ends));
    const how = ends.map(({ code, signal }) => code ?? signal).join(' ');
    console.log(
      `${system} by ${size}, number ${victim} after ${after.toFixed(2)} s: ${how} ${seconds.toFixed(1)} s later`,
    );
    if (ends[0]!.code === 0) {
      judge(row, alone, live);
      row.compared += 1;
      forget(live, system);
    }
  }
  if (row.kills < kills) row.faults.push(`could be killed ${row.kills} times only`);
  await toTheEnd(live, system, another(size, 0));
  judge(row, alone, live);
  row.compared += 1;
}

function another(size: Size, which: number): Size {
  return sizes.filter((one) => one !== size)[which]!;
}

/** What was waited for; undefined after a minute, of which none counts in which this process stands still too. */
async function inTime(over: Promise<Ended[]>): Promise<Ended[] | undefined> {
  let ends: Ended[] | undefined;
  void over.then((found) => (ends = found));
  for (let tenths = 0; ends === undefined && tenths < PATIENCE; tenths++) await Promise.race([over, sleep(100)]);
  return ends;
}

function judge(row: Row, alone: Workspace, found: Workspace): void {
  const { lost, wrong } = compare(alone.artifacts, found.artifacts, [publishedBy(row.system)]);
  row.faults.push(...lost, ...wrong);
}

function forget({ artifacts }: Workspace, system: System): void {
  const { published, work } = foldersOf({ experiment, stage: system });
  for (const path of [published, work, 'store/keys']) rmSync(join(artifacts, path), { recursive: true, force: true });
}

function publishedBy(system: System): string {
  return foldersOf({ experiment, stage: system }).published;
}

function checkpointIn({ artifacts }: Workspace, system: System): string {
  const { blobs } = JSON.parse(readFileSync(join(artifacts, publishedBy(system), 'manifest.json'), 'utf8')) as {
    blobs: Record<string, { sha256: string }>;
  };
  return blobs['checkpoint']!.sha256;
}

async function requireEnd(end: Promise<Ended>): Promise<void> {
  const { code, output } = await end;
  if (code !== 0) throw new Error(output);
}

function told(ends: readonly Ended[]): string {
  return ends
    .map(
      ({ code, signal, output }, rank) => `number ${rank} ended with ${code ?? signal}: ${output.slice(-600).trim()}`,
    )
    .join('\n');
}

function tableOf(rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = ['system', 'checkpoint of 1', 'of 2', 'of 4', 'seconds of 1, 2, 4', 'kills', 'of the first'];
  head.push('others ended within', 'results compared', 'faults');
  const cellsOf = (row: Row): string[] => [
    row.system,
    ...sizes.map((size) => row.digests[size]!.slice(0, 16)),
    sizes.map((size) => row.seconds[size]!.toFixed(1)).join(', '),
    ...[row.kills, row.ofFirst].map(String),
    `${row.slowest.toFixed(1)} s`,
    ...[row.compared, row.faults.length].map(String),
  ];
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(cellsOf(row)))].join('\n');
}
