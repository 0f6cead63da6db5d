import { setImmediate } from 'node:timers/promises';
import { Interrupted } from './stage.ts';

/**
 * Between two pieces of long work: lets signals and messages in, which wait while a thread computes, and throws
 * `Interrupted` where the stage was asked to stop.
 */
export async function stopIfAsked(signal: AbortSignal | undefined, message: string): Promise<void> {
  await setImmediate();
  if (signal?.aborted === true) throw new Interrupted(message);
}
