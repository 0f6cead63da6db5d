import type { Progress } from '@selfsup/kit/progress';
import { createProgress } from '@selfsup/kit/terminal-progress';

/** Progress on the terminal whose lines name the unit they speak of. */
export function labelledProgress(label: string): Progress {
  const inner = createProgress();
  return {
    phase: (name, total, unit, alreadyDone) => inner.phase(name, total, unit, alreadyDone),
    note: (text) => inner.note(`${label}: ${text}`),
    warn: (text) => inner.warn(`${label}: ${text}`),
  };
}
