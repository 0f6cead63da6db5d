// @no-effect-on-results
import { deserialize, serialize } from 'node:v8';
import { Interrupted } from '@selfsup/kit/stage';
import { cluster, ProcessLost, type Cluster } from './joined.ts';
import type { Message } from './message-line.ts';

/** Which pieces of a work this process does: from one on, in steps of how many processes there are. */
export interface Turn {
  readonly from: number;
  readonly every: number;
}

/** Work in pieces that need not know of each other. Values and result are plain data: numbers of any kind, arrays, objects. */
export interface SharedWork<Value, Result> {
  /** What all processes call it; `from` is its first piece, as the first process says. */
  readonly name: string;
  readonly from?: number;
  /** What is found of this process's pieces, one after the other. */
  own(turn: Turn): AsyncIterable<Value>;
  /** In the first process, or in the only one: takes what was found of all pieces, in order. True where no more is needed. */
  take(value: Value): boolean | void | Promise<boolean | void>;
  /** There too, after the last piece: what all processes are to know. */
  finish(): Result | Promise<Result>;
}

/** Pieces that may be done before the first process has taken one. */
const AHEAD = 2;
/** Seconds that the others have for their first piece, to which they may come late, and for each further one. */
const FIRST_SECONDS = 3600;
const SECONDS = 600;

/**
 * Does work piece by piece: of P processes that share a stage each does every P-th piece, and the first takes all in order.
 * So the result has the bits of one process that does all. Undefined in a process that came here while the first is at
 * something else. Throws `Interrupted` where any of them was asked to stop, `ProcessLost` where one is gone.
 */
export async function inTurns<Value, Result>(
  work: SharedWork<Value, Result>,
  joined = cluster(),
): Promise<Result | undefined> {
  if (joined === undefined || !joined.sharesStage) {
    for await (const value of work.own({ from: work.from ?? 0, every: 1 })) if (await work.take(value)) break;
    return work.finish();
  }
  return joined.rank === 0 ? lead(joined, work) : help<Value, Result>(joined, work);
}

/**
 * What the first process makes, for all that share the stage. Throws `Error` in a process that came here while the first is at
 * something else.
 */
export async function fromFirst<Value>(name: string, make: () => Value | Promise<Value>): Promise<Value> {
  const nothing = { own: () => none(), take: () => undefined };
  // Wrapped, since what is made may be undefined.
  const given = await inTurns({ name, ...nothing, finish: async () => ({ made: await make() }) });
  if (given === undefined) throw new Error(`The first process is not at ${name}.`);
  return given.made;
}

async function* none(): AsyncGenerator<never> {
  // No pieces.
}

async function lead<Value, Result>(joined: Cluster, work: SharedWork<Value, Result>): Promise<Result> {
  const { name, from = 0 } = work;
  const { size } = joined;
  joined.tell({ shares: name, from });
  const own = work.own({ from, every: size })[Symbol.asyncIterator]();
  const ended = new Set<number>();
  const came = new Set<number>();
  const hearFrom = async (rank: number): Promise<Message> => {
    const seconds = came.has(rank) ? SECONDS : FIRST_SECONDS;
    came.add(rank);
    const message = await joined.hearFrom(rank, seconds * 1000);
    if (message === undefined) throw new ProcessLost(`while all worked on ${name}`);
    return message;
  };
  const next = async (rank: number): Promise<{ readonly value: Value } | undefined> => {
    if (rank === 0) {
      const { done, value } = await own.next();
      return done === true ? undefined : { value };
    }
    const { ends, asked, bytes } = await hearFrom(rank);
    if (asked === true) throw new Interrupted(`Process ${rank} was asked to stop.`);
    if (ends === true) return void ended.add(rank);
    joined.tellOne(rank, { taken: name });
    return { value: deserialize(bytes!) as Value };
  };
  try {
    for (let piece = 0; ; piece++) {
      const found = await next(piece % size);
      if (found === undefined || (await work.take(found.value))) break;
    }
  } finally {
    await own.return?.();
  }
  joined.tell({ enough: name });
  for (let rank = 1; rank < size; rank++) {
    while (!ended.has(rank)) {
      const { ends, asked } = await hearFrom(rank);
      // One that was asked to stop has done all that was needed of it: all stop later.
      if (ends === true || asked === true) ended.add(rank);
    }
  }
  const result = await work.finish();
  joined.tell({ done: name, bytes: serialize(result) });
  return result;
}

async function help<Value, Result>(
  joined: Cluster,
  { name, own }: SharedWork<Value, Result>,
): Promise<Result | undefined> {
  const begun = await joined.hear();
  if (begun['shares'] !== name) {
    joined.putBack(begun);
    return undefined;
  }
  let untaken = 0;
  let isEnough = false;
  const hear = async (): Promise<Message> => {
    const message = await joined.hear();
    if ('taken' in message) untaken -= 1;
    if ('enough' in message) isEnough = true;
    return message;
  };
  let isAsked = false;
  const pieces = async function* (): AsyncIterable<Value> {
    try {
      yield* own({ from: (begun['from'] as number) + joined.rank, every: joined.size });
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      isAsked = true;
    }
  };
  for await (const value of pieces()) {
    joined.answer({ bytes: serialize(value) });
    untaken += 1;
    while (untaken > AHEAD && !isEnough) await hear();
    if (isEnough) break;
  }
  // Where it was asked to stop, the first decides and saves what is done, and tells of the end.
  joined.answer(isAsked ? { asked: true } : { ends: true });
  for (;;) {
    const message = await hear();
    if ('done' in message) return deserialize(message.bytes!) as Result;
  }
}
