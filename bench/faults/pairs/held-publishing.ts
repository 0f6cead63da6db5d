import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** For how long a publisher is stopped at most: one that is stopped for a minute loses its lease, and is right to. */
const longestStop = 40_000;

/** Tells how often gc has begun to look at these artifacts: each time it asks the disk for the time, by a file of its own. */
export function watchLooks(artifacts: string): { looks(): number; close(): void } {
  let changes = 0;
  const watcher = watch(artifacts, (event, name) => {
    // The file comes and goes: two changes of a name for one look.
    if (event === 'rename' && name?.startsWith('.time.') === true) changes += 1;
  });
  return { looks: () => Math.ceil(changes / 2), close: () => watcher.close() };
}

/**
 * Stops a command and those that it started as soon as it is putting a result together in the work folder `work`, `after`
 * milliseconds later. False where it ended before that was seen.
 */
export async function stopInPublishing(
  child: ChildProcess,
  { work, after, isOver }: { readonly work: string; readonly after: number; readonly isOver: () => boolean },
): Promise<boolean> {
  while (!isOver()) {
    if (existsSync(work) && readdirSync(work).some((name) => name.startsWith('publish-'))) {
      await sleep(after);
      return signal(child, 'SIGSTOP');
    }
    await sleep(1);
  }
  return false;
}

/** Lets it go on `after` milliseconds after it is time, and in any case before its lease would be lost. */
export async function goOnWhen(child: ChildProcess, isTime: () => boolean, after: number): Promise<void> {
  const until = performance.now() + longestStop;
  while (!isTime() && performance.now() < until) await sleep(5);
  await sleep(after);
  signal(child, 'SIGCONT');
}

function signal(child: ChildProcess, name: NodeJS.Signals): boolean {
  try {
    return process.kill(-child.pid!, name);
  } catch {
    return false;
  }
}
