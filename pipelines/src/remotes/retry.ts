import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@selfsup/kit/errors';
import { Interrupted } from '@selfsup/kit/stage';
import { NotThere, Refused, type Remote } from './remote.ts';

/** How long a remote is tried. */
export interface Patience {
  /** Tries without any advance between them. */
  readonly attempts: number;
  /** Milliseconds before the second try; doubled before each further one. */
  readonly delay: number;
  /** Milliseconds without a byte after which a transfer is cut and tried again. */
  readonly stall: number;
}

export const usualPatience: Patience = { attempts: 6, delay: 250, stall: 30_000 };

/** How the work with remotes is stopped, and how long each is tried. */
export interface Trying {
  readonly signal?: AbortSignal | undefined;
  readonly patience?: Patience | undefined;
}

/** A remote that answers no more, or not as it should. */
export class Unreachable extends UserError {}

/**
 * Does something with a remote, again and again with growing pauses while it fails for a reason that may pass; each time
 * that `advanced` gives true, the count begins anew. Throws `NotThere`, `UserError` and `Refused` at once, `Interrupted` on
 * abort, and `Unreachable` naming the remote at the end.
 */
export async function withRetries<Result>(
  { name, url }: Pick<Remote, 'name' | 'url'>,
  { signal, patience = usualPatience }: Trying,
  attempt: (signal: AbortSignal | undefined) => Promise<Result>,
  advanced: () => boolean = () => false,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    if (isAborted(signal)) throw new Interrupted('Stopped.');
    try {
      return await attempt(signal);
    } catch (cause) {
      if (isAborted(signal)) throw new Interrupted('Stopped.');
      if (cause instanceof NotThere || cause instanceof UserError) throw cause;
      if (advanced()) tries = 1;
      if (cause instanceof Refused || tries >= patience.attempts) throw unreachable(name, url, cause as Error);
      const pause = patience.delay * 2 ** (tries - 1) * (0.5 + Math.random());
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function unreachable(name: string, url: string, cause: Error): Unreachable {
  const reason = [cause.message, (cause.cause as Error | undefined)?.message].filter(Boolean).join(': ');
  return new Unreachable(`The remote '${name}' does not do what it is asked: ${reason || cause.name}`, {
    file: url,
    remedy:
      'Look at the connection, at your rights and at its room, and run the same command again: it goes on from here.',
    cause,
  });
}

/** The chunks of a stream. Throws where none comes for `stall` milliseconds; then, and whenever the reading ends, it is closed. */
export async function* watched(
  stream: NodeJS.ReadableStream & { destroy(error?: Error): unknown },
  stall: number,
): AsyncGenerator<Buffer> {
  const cut = (): unknown => stream.destroy(new Error(`nothing came for ${stall / 1000} s`));
  let timer = setTimeout(cut, stall);
  try {
    for await (const chunk of stream) {
      clearTimeout(timer);
      yield chunk as Buffer;
      timer = setTimeout(cut, stall);
    }
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}
