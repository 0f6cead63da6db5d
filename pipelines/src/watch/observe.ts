import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { isLeased } from '@selfsup/kit/lease';
import { parseJsonLines } from '@selfsup/kit/parse';
import type { RunningStage } from '@selfsup/report/watch-page';
import { unfinishedWork } from '../gc/unfinished-work.ts';
import { keyDifferences } from '../keys/why.ts';
import { readProgress } from '../run/recorded-progress.ts';
import type { Artifacts } from '../store/artifacts.ts';
import { readManifest } from '../store/manifest.ts';
import { listUnfinished, type Attempt } from '../store/unfinished.ts';
import { previewer } from './previews.ts';

/** How far something was when it was first looked at, for its rate. */
interface Seen {
  readonly at: number;
  readonly step: number;
}

/** A line of `metrics.jsonl`. */
type Line = Readonly<Record<string, number | string>>;

/**
 * Looks, whenever it is called, at what is being computed below the artifacts folder: at leases, `attempt.json`, `progress.json`,
 * `metrics.jsonl` and live checkpoints, none of which it touches. Rates are of the time since it first saw a stage.
 */
export function observer(artifacts: Pick<Artifacts, 'root' | 'stages'>): () => Promise<RunningStage[]> {
  const first = new Map<string, Seen>();
  const previewsOf = previewer();
  return async () => {
    const work = join(artifacts.stages, 'work');
    const leases = new Map((await unfinishedWork(work)).map(({ lease }) => [lease, dirname(lease)]));
    const running: RunningStage[] = [];
    for (const [lease, unit] of leases) {
      // Of a holder on another machine a sign of life would have to be waited for: what runs there is not shown.
      const [newest] = await listUnfinished(unit);
      if (newest?.attempt === undefined || !(await isLeased(lease, 0))) continue;
      const file = await newestMetrics(join(newest.folder, 'files'));
      const lines = file === undefined ? [] : (parseJsonLines(readFileSync(file, 'utf8')) as Line[]);
      running.push({
        label: relative(work, unit).split(sep).join(' '),
        uses: newest.attempt.keyParts.uses,
        since: newest.touched.toISOString(),
        why: whyOf(newest.attempt, join(artifacts.stages, relative(work, unit))),
        now: readProgress(unit)?.text,
        ...(await previewsOf(join(newest.folder, 'files'))),
        curve: { train: pointsOf(lines, 'train'), test: pointsOf(lines, 'test'), percent: [] },
        ...pace(lines, newest.attempt, first, newest.folder),
        events:
          file !== undefined && existsSync(join(dirname(file), 'events')) ? join(dirname(file), 'events') : undefined,
      });
    }
    return running.sort((a, b) => (a.label < b.label ? -1 : 1));
  };
}

/** The metrics of a training, or of the head that is trained last. */
async function newestMetrics(folder: string): Promise<string | undefined> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter((name) => name.endsWith('metrics.jsonl')).map((name) => join(folder, name));
  return files.sort().at(-1);
}

function pointsOf(lines: readonly Line[], kind: string): Record<string, number>[] {
  return lines
    .filter((line) => line['kind'] === kind)
    .map((line) => {
      const { epoch: _epoch, ...rest } = line;
      return Object.fromEntries(
        Object.entries(rest).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
      );
    });
}

function whyOf(attempt: Attempt, published: string): string[] {
  const before = readManifest(published);
  if (before === undefined) return ['it has never been published'];
  return before.key === attempt.key ? ['asked for by --force'] : keyDifferences(before, attempt);
}

/** How much is done, how fast it goes, and how long it takes from here. */
function pace(
  lines: readonly Line[],
  attempt: Attempt,
  first: Map<string, Seen>,
  folder: string,
): Pick<RunningStage, 'done' | 'stepsPerSecond' | 'secondsLeft'> {
  const step = Number(lines.at(-1)?.['step'] ?? 0);
  const now = performance.now();
  const seen = first.get(folder);
  if (seen === undefined) first.set(folder, { at: now, step });
  const stepsPerSecond =
    seen === undefined || step <= seen.step ? undefined : (1000 * (step - seen.step)) / (now - seen.at);
  const epochEnd = lines.findLast((line) => line['kind'] === 'epoch');
  const epochs = (attempt.keyParts.config as { epochs?: unknown } | null)?.epochs;
  if (epochEnd === undefined || typeof epochs !== 'number') return { stepsPerSecond };
  const all = (Number(epochEnd['step']) / Number(epochEnd['epoch'])) * epochs;
  if (!(all > 0)) return { stepsPerSecond };
  return {
    stepsPerSecond,
    done: Math.min(1, step / all),
    secondsLeft: stepsPerSecond === undefined ? undefined : Math.max(0, all - step) / stepsPerSecond,
  };
}
