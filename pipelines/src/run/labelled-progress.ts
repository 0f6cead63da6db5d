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

/** Seconds as people say them: `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
