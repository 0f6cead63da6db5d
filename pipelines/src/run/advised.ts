import type { Progress } from '@selfsup/kit/progress';

/** A progress that names the experiment's small twin where the work is said to take too long on this machine. */
export function advised(progress: Progress, smallTwin: string | undefined): Progress {
  if (smallTwin === undefined) return progress;
  const advice = `its small twin fits this machine: npx nx run pipeline:${smallTwin}`;
  return { ...progress, warn: (text, about) => progress.warn(about === 'slow' ? `${text}; ${advice}` : text) };
}
