import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Outcome } from '../campaign.ts';
import { addExperiment, ended, killGroup, openWorkspace, reference } from '../workspace.ts';

/** How the segments of one long training end, in turn. */
const ends = ['time limit', 'TERM', 'kill -9', 'time limit', 'kill -9 in a save'] as const;
/**
 * Megabytes and file handles by which the least of a segment's second half may lie above the least of its first: each goes up
 * for a moment when a thread is started or a file is read.
 */
const mostGrowth = { megabytes: 100, handles: 4 };
/** Checkpoints kept, and one that is being written. */
const mostCheckpoints = 3;

/**
 * One training with a time limit that is started again and again, for as many segments of `--set minutes=5` as there are
 * cases: 144 for twelve hours. Memory, handles and files are looked at every few seconds.
 */
const attack: Attack = {
  title: 'one training in many segments: time limit, requeues, a rotating kill',
  cases: 144,
  async open({ folder, options }) {
    const alone = await reference(dirname(folder));
    const live = openWorkspace(alone.root, join(folder, 'artifacts'));
    const minutes = Number(options['minutes'] ?? 5);
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
      const before = newestOf(checkpoints(work));
      const began = performance.now();
      const env = how === 'time limit' ? { SELFSUP_MAX_MINUTES: String(minutes) } : {};
      const child = live.start('selfsup', ['stage', 'faults-long', 'pretrain'], env);
      const end = ended(child);
      let isOver = false;
      void end.then(() => (isOver = true));
      const seen: string[] = [];
      const uses: Use[] = [];
      while (!isOver) {
        await Promise.race([end, sleep(3000)]);
        const passed = (performance.now() - began) / 60_000 / minutes;
        const use = useOf(child.pid!);
        const kept = checkpoints(work);
        // Not before it trains: until then it is loading.
        if (use !== undefined && newestOf(kept) > before) uses.push(use);
        if (kept.length > mostCheckpoints) seen.push(`${kept.length} checkpoints are kept`);
        if (passed < 1 || how === 'time limit') {
          if (passed > 3) killGroup(child);
          continue;
        }
        if (how === 'TERM') child.kill('SIGTERM');
        else {
          // In a save: a temporary file stands there.
          for (let i = 0; how === 'kill -9 in a save' && i < 30_000 && !isSaving(work); i++) await sleep(1);
          killGroup(child);
        }
        await Promise.race([end, sleep(60_000)]);
      }
      const { code, output } = await end;
      const expected = how.startsWith('kill') ? null : 130;
      if (code !== expected) seen.push(`ended with ${code}: ${output.slice(-500)}`);
      const left = checkpoints(work);
      const after = newestOf(left);
      const lost = after < before ? 1 : 0;
      if (lost > 0) seen.push(`the newest checkpoint was of step ${before}, and is of ${after}`);
      else if (after === before) seen.push(`nothing was learned after step ${before}`);
      const half = Math.floor(uses.length / 2);
      const [early, late] = [leastOf(uses.slice(0, half)), leastOf(uses.slice(half))];
      if (late.megabytes - early.megabytes > mostGrowth.megabytes)
        seen.push(`from ${early.megabytes} to ${late.megabytes} MB`);
      if (late.handles - early.handles > mostGrowth.handles)
        seen.push(`from ${early.handles} to ${late.handles} handles`);
      const use = uses.length === 0 ? '' : `; ${late.megabytes} MB, ${late.handles} handles`;
      const about = `${how}: steps ${before} to ${after}${use}, ${left.length} checkpoints`;
      return { struck: 1, lost, wrong: seen.length - lost, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    return { strike };
  },
};
export default attack;

interface Use {
  readonly megabytes: number;
  readonly handles: number;
}

/** The least of each, Infinity of none. */
function leastOf(uses: readonly Use[]): Use {
  return {
    megabytes: Math.min(...uses.map(({ megabytes }) => megabytes)),
    handles: Math.min(...uses.map(({ handles }) => handles)),
  };
}

function useOf(process: number): Use | undefined {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process}/status`, 'utf8')) ?? [];
    // One that has ended has no memory, until it is asked how it ended.
    if (kilobytes === undefined) return undefined;
    return { megabytes: Math.round(Number(kilobytes) / 1024), handles: readdirSync(`/proc/${process}/fd`).length };
  } catch {
    return undefined;
  }
}

function namesIn(work: string): string[] {
  if (!existsSync(work) || !statSync(work).isDirectory()) return [];
  return readdirSync(work, { recursive: true, encoding: 'utf8' });
}

const checkpoints = (work: string): string[] => namesIn(work).filter((name) => /step-\d+\.safetensors$/.test(name));
const isSaving = (work: string): boolean => namesIn(work).some((name) => name.endsWith('.tmp'));
/** The step of the newest of these checkpoints, 0 where there is none. */
const newestOf = (names: readonly string[]): number =>
  Math.max(0, ...names.map((name) => Number(/step-(\d+)/.exec(name)![1])));
