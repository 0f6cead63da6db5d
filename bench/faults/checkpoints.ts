import { existsSync, readdirSync } from 'node:fs';

/** The step of the newest checkpoint below a folder of work, 0 where there is none. */
export function newestStep(work: string): number {
  const names = existsSync(work) ? readdirSync(work, { recursive: true, encoding: 'utf8' }) : [];
  const steps = names.map((name) => /\bstep-(\d+)\.safetensors$/.exec(name)?.[1]).filter((step) => step !== undefined);
  return Math.max(0, ...steps.map(Number));
}
