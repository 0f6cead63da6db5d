import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from '@selfsup/engine/stage';

interface Owner {
  pid: number;
  /** Start of that process: a number may be given to another process later. */
  started: string;
  /** Names this boot of the machine. */
  boot: string;
  host: string;
}

/** Held while a process works in a folder. */
export interface Lease {
  release(): Promise<void>;
}

/**
 * Waits until no living process holds `folder`, then holds it. Each process announces itself in a file of its own
 * and goes ahead only when, after that, no other living one is announced: so two never go ahead together, and
 * removing a dead one's file is always safe. A process on another host counts as living.
 */
export async function acquireLease(
  folder: string,
  signal: AbortSignal,
  onWait: (owner: Owner, file: string) => void,
): Promise<Lease> {
  await mkdir(folder, { recursive: true });
  const own = `${process.pid}.${randomUUID().slice(0, 8)}.json`;
  const me: Owner = { pid: process.pid, started: processStart(process.pid) ?? '', boot: bootId(), host: hostname() };
  let told = false;
  for (;;) {
    const holder = await livingHolder(folder, own);
    if (holder === undefined) {
      await writeFile(join(folder, `.${own}`), JSON.stringify(me));
      await rename(join(folder, `.${own}`), join(folder, own));
      if ((await livingHolder(folder, own)) === undefined) {
        return { release: () => rm(join(folder, own), { force: true }) };
      }
      // Two announced at once: both step back for a moment of different length.
      await rm(join(folder, own), { force: true });
    } else if (!told) {
      told = true;
      onWait(holder.owner, holder.file);
    }
    if (signal.aborted) throw new Interrupted('Stopped while waiting for another process.');
    await sleep(holder === undefined ? 20 + Math.random() * 200 : 300, undefined, { signal }).catch(() => undefined);
  }
}

async function livingHolder(folder: string, own: string): Promise<{ owner: Owner; file: string } | undefined> {
  for (const name of await readdir(folder)) {
    if (name === own || name.startsWith('.') || !name.endsWith('.json')) continue;
    const file = join(folder, name);
    const owner = await readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as Owner,
      () => undefined,
    );
    if (owner === undefined) continue;
    if (isAlive(owner)) return { owner, file };
    await rm(file, { force: true });
  }
  return undefined;
}

/** Whether the process that wrote a lease still runs; one on another host cannot be asked and counts as running. */
function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  if (owner.boot !== bootId()) return false;
  return processStart(owner.pid) === owner.started;
}

/** A text that differs between processes with the same number; undefined when none runs (a zombie does not). */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The command's name, in brackets, may hold anything; state is the first field after it, start the twentieth.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Names this boot of the machine; empty where the system does not say. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
