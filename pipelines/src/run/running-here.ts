import { dirname, join, relative, sep } from 'node:path';
import { isLeased } from '@selfsup/kit/lease';
import { unfinishedWork } from '../gc/unfinished-work.ts';
import type { Artifacts } from '../store/artifacts.ts';
import { readProgress } from './recorded-progress.ts';

/** A stage that a process of this machine is computing. */
export interface RunningHere {
  readonly workFolder: string;
  readonly label: string;
  /** How far it has come; undefined where it has told nothing yet. */
  readonly progress: string | undefined;
}

/** What is being computed on this machine into these artifacts, by whichever command, from leases that are only looked at. */
export async function runningHere({ stages }: Pick<Artifacts, 'stages'>): Promise<RunningHere[]> {
  const work = join(stages, 'work');
  const folders = [...new Set((await unfinishedWork(work)).map(({ lease }) => dirname(lease)))].sort();
  const running: RunningHere[] = [];
  for (const workFolder of folders) {
    // Of a holder elsewhere a sign of life would have to be waited for.
    if (!(await isLeased(join(workFolder, 'lease'), 0))) continue;
    const label = relative(work, workFolder).split(sep).join(' ');
    running.push({ workFolder, label, progress: readProgress(workFolder)?.text });
  }
  return running;
}
