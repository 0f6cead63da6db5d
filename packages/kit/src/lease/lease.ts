import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { UserError } from '../errors.ts';
import { Interrupted } from '../stage/stage.ts';
import { stateOf, thisOwner, type Owner } from './lease-owner.ts';

/** Held while a process works on something that no other may touch. */
export interface Lease {
  /** Aborted when another process has taken the lease over. */
  readonly lost: AbortSignal;
  /** Whether it was taken from a process that gave no sign of life but may still be there, with files of its own open. */
  readonly fromSilent: boolean;
  /** Resolves when this process holds the lease at this moment; else throws `UserError`. Before anything is published. */
  confirm(): Promise<void>;
  release(): Promise<void>;
}

/** How to wait for a lease, and how to hold it. */
export interface LeaseOptions {
  /** Stops the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, when another process holds the lease; `owner` is undefined where that one has not said who it is. */
  readonly onWait?: ((owner: Owner | undefined) => void) | undefined;
  /** Milliseconds without a sign of life after which a lease may be taken over; the same for all who share a folder. */
  readonly standstill?: number | undefined;
  /** Ends this process when the lease is lost: what it would write from then on belongs to another. */
  readonly endProcess?: boolean | undefined;
}

/** Ends a process that has lost its lease and whose main thread is busy: by then it has said why. */
export const lossSignal: NodeJS.Signals = 'SIGALRM';

/** Of the twelve beats in a standstill, how many may fail to come: one is left for what ends the process. */
const patience = 11;

/** After how long without a sign of life a lease is taken over. No setting: all who share a folder have to agree on it. */
export const standstillMilliseconds = 60_000;

/**
 * Waits until nobody holds `folder`, then holds it; the folder exists while it is held.
 *
 * In it stands one empty file, `held-<token>-<beat>`. Its holder renames it to the next beat every few seconds; who
 * waits takes over by renaming it to a name of its own. Each rename names the exact file that was seen, so of several
 * exactly one succeeds, on network disks too, and a holder that was stopped finds out at its next beat. Taken over is
 * from a process that is certainly gone, from an earlier start of the same scheduler's job, and from one whose file
 * stood still for `standstill` by the clock of who waits. No two clocks are ever compared.
 *
 * Throws `Interrupted` on abort, `UserError` where the file system gives no answer for eleven twelfths of `standstill`, and what
 * `fs` throws where the folder cannot be made.
 */
export async function acquireLease(folder: string, options: LeaseOptions = {}): Promise<Lease> {
  const { signal, onWait, standstill = standstillMilliseconds } = options;
  const within = Math.max(silence(standstill), 2000); // a busy machine takes its time too
  const me = thisOwner();
  const pause = Math.min(500, standstill / 60);
  let seen: string | undefined;
  let stood = 0;
  let before = performance.now();
  let told = false;
  let fromSilent = false;
  for (;;) {
    const names = await answered(
      readdir(folder).catch(() => []),
      folder,
      within,
    );
    const held = newestHeld(names);
    if (names.length === 0 && (await answered(create(folder, me), folder, within))) {
      fromSilent = false;
      break;
    }
    const now = performance.now();
    // A waiter that was itself stopped has not watched meanwhile.
    stood = held === seen ? stood + Math.min(now - before, 4 * pause) : 0;
    before = now;
    seen = held;
    if (held !== undefined) {
      const owner = await readOwner(folder, held);
      const gone = owner !== undefined && stateOf(owner, me) === 'gone';
      const free = gone || stood >= standstill;
      fromSilent = !gone;
      if (free && (await takeOver(folder, held, me))) break;
      if (!free && !told) onWait?.(owner);
      told ||= !free;
    } else if (names.length > 0 && stood >= standstill) {
      // Nothing that this protocol leaves behind: moved out of the way as a whole.
      await rename(folder, `${folder}.broken-${me.token}`).catch(ignoreAbsence);
    }
    if (signal?.aborted === true) throw new Interrupted('Stopped while waiting for another process.');
    await sleep(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
  }
  await sweep(folder);
  return keep(folder, me, standstill, { fromSilent, endProcess: options.endProcess ?? false });
}

/**
 * Whether a process holds `folder`, without taking it. Of a holder elsewhere a sign of life is awaited, for at most
 * `standstill` milliseconds.
 */
export async function isLeased(folder: string, standstill: number = standstillMilliseconds): Promise<boolean> {
  const me = thisOwner();
  const until = performance.now() + standstill;
  const first = newestHeld(await readdir(folder).catch(() => []));
  for (let held = first; held !== undefined; held = newestHeld(await readdir(folder).catch(() => []))) {
    if (held !== first) return true;
    const owner = await readOwner(folder, held);
    const state = owner === undefined ? 'unknown' : stateOf(owner, me);
    if (state !== 'unknown' || performance.now() > until) return state === 'there';
    await sleep(Math.min(500, standstill / 60));
  }
  return false;
}

/** A folder that is read while a rename goes on may show a file under both names, or none. */
function newestHeld(names: readonly string[]): string | undefined {
  const beat = (name: string): number => Number(name.slice(name.lastIndexOf('-') + 1));
  return names.filter((name) => name.startsWith('held-')).sort((a, b) => beat(b) - beat(a))[0];
}

const heldBy = (token: string): string => `held-${token}-0`;
const ownerFile = (token: string): string => `owner-${token}.json`;
const tokenOf = (held: string): string => held.split('-')[1]!;

async function readOwner(folder: string, held: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, ownerFile(tokenOf(held))), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

/** Puts a held folder in place at one stroke: a rename onto one that is not empty fails. */
async function create(folder: string, me: Owner): Promise<boolean> {
  const fresh = `${folder}.${me.token}`;
  // Of a disk that is full or broken Node says here that something is not there (ENOENT), as if another had removed it.
  await mkdir(fresh, { recursive: true }).catch(() => mkdir(fresh, { recursive: true }));
  try {
    await writeFile(join(fresh, ownerFile(me.token)), JSON.stringify(me));
    await writeFile(join(fresh, heldBy(me.token)), '');
    await rename(fresh, folder);
    return true;
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return (await readOwner(folder, heldBy(me.token))) !== undefined;
  }
}

async function takeOver(folder: string, held: string, me: Owner): Promise<boolean> {
  const mine = join(folder, ownerFile(me.token));
  try {
    await writeFile(mine, JSON.stringify(me));
    await rename(join(folder, held), join(folder, heldBy(me.token)));
  } catch (error) {
    const won = (await readdir(folder).catch((): string[] => [])).includes(heldBy(me.token));
    if (!won) {
      await rm(mine, { force: true });
      ignoreAbsence(error as NodeJS.ErrnoException);
      return false;
    }
  }
  await rm(join(folder, ownerFile(tokenOf(held))), { force: true });
  return true;
}

/** Removes what processes left that were killed while they made the folder. */
async function sweep(folder: string): Promise<void> {
  const made = new RegExp(`^\\.[0-9a-f]{16}$`);
  for (const name of await readdir(dirname(folder))) {
    if (!name.startsWith(basename(folder)) || !made.test(name.slice(basename(folder).length))) continue;
    await rm(join(dirname(folder), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Milliseconds without an answer after which a file system counts as silent. */
function silence(standstill: number): number {
  return (standstill * patience) / 12;
}

/** What a file system answers. Throws `UserError` where it gives none in so many milliseconds. */
async function answered<Value>(answer: Promise<Value>, folder: string, within: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(lossesOf(folder, within).silent), within);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Ways to lose a lease, after so many milliseconds. */
function lossesOf(folder: string, standstill: number): Record<Loss, UserError> {
  const seconds = Number((standstill / 1000).toPrecision(2));
  const again = 'Run the same command again: it goes on from what was saved.';
  return {
    taken: new UserError(
      `This process stood still for more than ${seconds} seconds, and another has taken its work over`,
      {
        file: folder,
        remedy:
          'Nothing that was saved is lost. Run the same command again: it waits for the other and uses its result.',
      },
    ),
    gone: new UserError('The folder of this work was removed, or its file system is no longer there', {
      file: folder,
      remedy: `See that it can be reached. ${again}`,
    }),
    silent: new UserError(`The file system took nothing for ${seconds} seconds`, {
      file: folder,
      remedy: `See that it can be reached and written to. ${again}`,
    }),
  };
}

type Loss = 'taken' | 'gone' | 'silent';

interface Answer {
  id?: number;
  lost?: Loss;
  error?: string;
}

interface Keeping {
  readonly fromSilent: boolean;
  readonly endProcess: boolean;
}

function keep(folder: string, me: Owner, standstill: number, { fromSilent, endProcess }: Keeping): Lease {
  const losses = lossesOf(folder, standstill);
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const threadOf = (program: URL, after: number): Worker => {
    const words = Object.fromEntries(
      Object.entries(lossesOf(folder, after)).map(([why, loss]) => [why, loss.describe()]),
    );
    const workerData = { folder, token: me.token, standstill, patience, endProcess, lossSignal, beats, words };
    const thread = new Worker(program, { workerData, execArgv: [] });
    thread.unref();
    return thread;
  };
  const worker = threadOf(new URL('./lease-keeper.mjs', import.meta.url), standstill);
  const watch = endProcess ? threadOf(new URL('./lease-watch.mjs', import.meta.url), silence(standstill)) : undefined;
  const lost = new AbortController();
  let loss: UserError | undefined;
  const waiting = new Map<number, (answer: Answer) => void>();
  const lose = (why: Loss): void => {
    loss ??= losses[why];
    lost.abort(loss);
    for (const answer of waiting.values()) answer({ lost: why });
    if (endProcess) process.exit(1);
  };
  worker.on('message', (answer: Answer) => {
    if (answer.id === undefined) lose(answer.lost!);
    else waiting.get(answer.id)?.(answer);
  });
  worker.on('error', () => lose('silent'));
  let asked = 0;
  const ask = (what: 'confirm' | 'release'): Promise<Answer> =>
    new Promise((resolve) => {
      if (loss !== undefined) return resolve({ lost: 'taken' });
      const id = asked++;
      worker.ref();
      waiting.set(id, (answer) => {
        waiting.delete(id);
        if (waiting.size === 0) worker.unref();
        resolve(answer);
      });
      worker.postMessage({ id, what });
    });
  return {
    lost: lost.signal,
    fromSilent,
    async confirm() {
      const answer = await ask('confirm');
      if (answer.lost !== undefined) throw loss ?? losses[answer.lost];
      if (answer.error !== undefined)
        throw new UserError(`The lease cannot be renewed: ${answer.error}`, {
          file: folder,
          remedy:
            'Make room, or see that it can be reached. Run the same command again: it goes on from what was saved.',
        });
    },
    async release() {
      await ask('release');
      await watch?.terminate();
      await worker.terminate();
    },
  };
}
