import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Outcome } from '../campaign.ts';
import { growthOf, type Use } from '../growth.ts';
import { addExperiment, ended, killGroup, openWorkspace, reference } from '../workspace.ts';

/** How the segments of one long training end, in turn. */
const ends = ['time limit', 'TERM', 'kill -9', 'time limit', 'kill -9 in a save'] as const;
/** What is looked at for growth lasts so many minutes at least: less is all warm-up. */
const leastMinutes = 5;
/** By how much a warm process may grow: a leak of a megabyte a second is 3600 in an hour. */
const mostGrowth = { megabytesAnHour: 120, handlesAnHour: 12 };
/** Checkpoints kept, and one that is being written. */
const mostCheckpoints = 3;
/** Of the curve, in a checkpoint or beside it, and what is written for TensorBoard, which keep all steps; and of a segment's beginning. */
const mostRecords = { bytesAStep: 200, bytesASegment: 10_000 };

/**
 * One training with a time limit that is started again and again: most segments take `--set minutes=2`, every fourth one
 * `--set long=20`, in which memory and handles are looked at for growth. 112 make twelve hours.
 */
const attack: Attack = {
  title: 'one training in many segments: time limit, requeues, a rotating kill',
  cases: 112,
  async open({ folder, options }) {
    const alone = await reference(dirname(folder));
    const live = openWorkspace(alone.root, join(folder, 'artifacts'));
    const config = {
      network: { name: 'nin', blocks: 3, width: 8 },
      data: { augment: { padCrop: 4, flip: true } },
      ...{ epochs: 1_000_000, batchSize: 16, checkpoint: { everySeconds: 20 } },
    };
    addExperiment(alone.root, 'faults-long', {
      stages: { pretrain: { uses: 'tasks/rotnet', needs: { dataset: 'data/replay' }, config } },
    });
    const work = join(live.artifacts, 'work/faults-long/base/seed-1/pretrain');

    const strike = async (which: number): Promise<Outcome> => {
      const how = ends[which % ends.length]!;
      const minutes = Number(which % 4 === 3 ? (options['long'] ?? 20) : (options['minutes'] ?? 2));
      const found = filesIn(work);
      const before = newestOf(found);
      const began = performance.now();
      const env = how === 'time limit' ? { SELFSUP_MAX_MINUTES: String(minutes) } : {};
      const child = live.start('selfsup', ['stage', 'faults-long', 'pretrain'], env);
      const end = ended(child, Infinity);
      let isOver = false;
      void end.then(() => (isOver = true));
      const seen: string[] = [];
      const uses: Use[] = [];
      let inSave = false;
      while (!isOver) {
        await Promise.race([end, sleep(2000)]);
        const passed = (performance.now() - began) / 60_000;
        const use = useOf(child.pid!, passed / 60);
        const files = filesIn(work);
        // Not before it trains: until then it is loading.
        if (use !== undefined && newestOf(files) > before) uses.push(use);
        const kept = files.filter(isCheckpoint).length;
        if (kept > mostCheckpoints) seen.push(`${kept} checkpoints are kept`);
        // One that does not end when it is told to is killed, and has not ended as it ought to.
        if (passed > 3 * minutes) killGroup(child);
        if (passed < minutes || how === 'time limit') continue;
        if (how === 'TERM') child.kill('SIGTERM');
        else {
          inSave = how === 'kill -9 in a save' && (await savesWithin(work, 60_000));
          killGroup(child);
        }
        await Promise.race([end, sleep(60_000)]);
      }
      const { code, output } = await end;
      const expected = how.startsWith('kill') ? null : 130;
      if (code !== expected) seen.push(`ended with ${code}: ${output.slice(-500)}`);
      const left = filesIn(work);
      const after = newestOf(left);
      const lost = after < before ? 1 : 0;
      if (lost > 0) seen.push(`the newest checkpoint was of step ${before}, and is of ${after}`);
      else if (after === before) seen.push(`nothing was learned after step ${before}`);
      seen.push(...tooMuchOnDisk(found, left, after - before));
      const growth = minutes < leastMinutes ? undefined : growthOf(uses);
      if (minutes >= leastMinutes && growth === undefined) seen.push(`looked at only ${uses.length} times`);
      if (growth !== undefined && growth.megabytesAnHour > mostGrowth.megabytesAnHour)
        seen.push(`memory grows by ${growth.megabytesAnHour} MB an hour`);
      if (growth !== undefined && growth.handlesAnHour > mostGrowth.handlesAnHour)
        seen.push(`handles grow by ${growth.handlesAnHour} an hour`);
      const grew =
        growth === undefined
          ? ''
          : `; at the end ${growth.megabytes} MB (${growth.megabytesAnHour} more an hour), ${growth.handles} handles (${growth.handlesAnHour} more)`;
      const disk = `${left.filter(isCheckpoint).length} checkpoints, ${bytesOf(left, true)} bytes, and ${bytesOf(left, false)} of records`;
      const isUnstruck = how === 'kill -9 in a save' && !inSave;
      const ending = isUnstruck ? `${how} (no save was seen)` : how;
      const about = `${minutes} min, ${ending}: steps ${before} to ${after}${grew}; ${disk}`;
      const wrong = seen.length - lost;
      return {
        ...{ struck: isUnstruck ? 0 : 1, lost, wrong, unnoticed: 0, about },
        ...(seen.length > 0 ? { seen } : {}),
      };
    };
    return { strike };
  },
};
export default attack;

interface File {
  readonly name: string;
  readonly bytes: number;
}

/** What lies on the disk beyond what is kept, and beyond what was there `steps` ago; nothing was before the first segment. */
function tooMuchOnDisk(before: readonly File[], files: readonly File[], steps: number): string[] {
  const largest = (of: readonly File[]): number => Math.max(0, ...of.filter(isCheckpoint).map(({ bytes }) => bytes));
  // A kill in a save leaves one that is not finished.
  const most = (mostCheckpoints + 1) * largest(files);
  const found = bytesOf(files, true);
  const allowed = mostRecords.bytesASegment + mostRecords.bytesAStep * Math.max(0, steps);
  const grown = {
    'a checkpoint': largest(files) - largest(before),
    records: bytesOf(files, false) - bytesOf(before, false),
  };
  return [
    ...(found > most ? [`${found} bytes of checkpoints, of ${largest(files)} each`] : []),
    ...Object.entries(largest(before) === 0 ? {} : grown).flatMap(([what, bytes]) =>
      bytes > allowed ? [`${what} grew by ${bytes} bytes in ${steps} steps`] : [],
    ),
  ];
}

function useOf(process: number, hours: number): Use | undefined {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process}/status`, 'utf8')) ?? [];
    // One that has ended has no memory, until it is asked how it ended.
    if (kilobytes === undefined) return undefined;
    return {
      hours,
      megabytes: Math.round(Number(kilobytes) / 1024),
      handles: readdirSync(`/proc/${process}/fd`).length,
    };
  } catch {
    return undefined;
  }
}

/** Whether a checkpoint was seen that is being written, within so many milliseconds. */
async function savesWithin(work: string, milliseconds: number): Promise<boolean> {
  for (const until = performance.now() + milliseconds; performance.now() < until; await sleep(1))
    if (filesIn(work).some(({ name }) => isBeingSaved(name))) return true;
  return false;
}

function filesIn(work: string): File[] {
  if (!existsSync(work)) return [];
  return readdirSync(work, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    // What is being written gets another name meanwhile.
    const entry = statSync(join(work, name), { throwIfNoEntry: false });
    return entry?.isFile() === true ? [{ name, bytes: entry.size }] : [];
  });
}

const isCheckpoint = ({ name }: File): boolean => /\bstep-\d+\.safetensors$/.test(name);
const isBeingSaved = (name: string): boolean => /\/\.step-\d+\.safetensors\..*\.tmp$/.test(name);

/** Bytes of checkpoints, finished or not, or of all else. */
function bytesOf(files: readonly File[], ofCheckpoints: boolean): number {
  const own = files.filter((file) => (isCheckpoint(file) || isBeingSaved(file.name)) === ofCheckpoints);
  return own.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The step of the newest checkpoint among these, 0 where there is none. */
const newestOf = (files: readonly File[]): number =>
  Math.max(0, ...files.filter(isCheckpoint).map(({ name }) => Number(/step-(\d+)/.exec(name)![1])));
