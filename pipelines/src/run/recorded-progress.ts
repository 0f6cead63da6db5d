import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '@selfsup/kit/progress';
import { describePhase } from '@selfsup/kit/terminal-progress';
import type { Stage } from '../declare/stage.ts';

/** How far a stage has come, for those who look at it from elsewhere. */
interface RecordedProgress {
  /** The phase under way in a line: share, amount, rate, time left. */
  readonly text: string;
  /** When that was written, as `Date.now` gives it. */
  readonly at: number;
}

const everyMilliseconds = 5000;

/** Where a stage writes how far it has come. */
export function progressFile({ workFolder }: Pick<Stage, 'workFolder'>): string {
  return join(workFolder, 'progress.json');
}

/** The same progress, of which the phase under way is written to `file` every few seconds. A full disk stops nothing. */
export function recordedProgress(inner: Progress, file: string, now: () => number = Date.now): Progress {
  let written = -Infinity;
  const record = (text: string): void => {
    if (now() - written < everyMilliseconds) return;
    written = now();
    try {
      writeFileSync(`${file}.tmp`, JSON.stringify({ text, at: written } satisfies RecordedProgress));
      renameSync(`${file}.tmp`, file);
    } catch {
      // It is told to people alone.
    }
  };
  return {
    ...inner,
    phase(name, total, unit, alreadyDone = 0) {
      const phase = inner.phase(name, total, unit, alreadyDone);
      const started = now();
      let done = alreadyDone;
      return {
        ...phase,
        advance(amount, details = {}) {
          phase.advance(amount, details);
          done += amount;
          record(describePhase({ name, total, unit, done, alreadyDone, seconds: (now() - started) / 1000, details }));
        },
      };
    },
  };
}

/** What a stage has written of itself; undefined where it has written nothing. */
export function readProgress(workFolder: string): RecordedProgress | undefined {
  try {
    return JSON.parse(readFileSync(progressFile({ workFolder }), 'utf8')) as RecordedProgress;
  } catch {
    return undefined;
  }
}

/** Removes what a stage that ends has written. */
export function forgetProgress(stage: Pick<Stage, 'workFolder'>): void {
  rmSync(progressFile(stage), { force: true });
}
