import { existsSync, readdirSync } from 'node:fs';

/** The checkpoints below a folder of work, as paths in it. */
export function checkpointsIn(work: string): string[] {
  if (!existsSync(work)) return [];
  return readdirSync(work, { recursive: true, encoding: 'utf8' }).filter((name) => /step-\d+\.safetensors$/.test(name));
}

/** The step of the newest checkpoint, 0 where there is none. */
export function newestStep(work: string): number {
  return Math.max(0, ...checkpointsIn(work).map((name) => Number(/step-(\d+)\.safetensors$/.exec(name)![1])));
}
