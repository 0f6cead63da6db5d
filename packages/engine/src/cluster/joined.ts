// @no-effect-on-results
import { UserError } from '@selfsup/kit/errors';
import { Interrupted } from '@selfsup/kit/stage';
import type { Membership } from './membership.ts';
import type { Message } from './message-line.ts';
import { chooseGpu } from './own-gpu.ts';
import { meet, type Meeting, type MeetingOptions } from './rendezvous.ts';

/** Another process is gone, or gives no sign of life: this one has to be replaced too, for TensorFlow does not recover. */
export class ProcessLost extends Error {
  constructor(when: string, cause?: unknown) {
    super(`A process was lost ${when}. All have to begin again, from the last checkpoint.`, { cause });
    this.name = 'ProcessLost';
  }
}

/** Thrown in a process that follows when the first needs it no longer. */
export class Dismissed extends Error {
  /** Whether the first came to its end, or failed and has said why. */
  readonly how: 'done' | 'failed';

  constructor(how: 'done' | 'failed') {
    super(`The first process is ${how}.`);
    this.name = 'Dismissed';
    this.how = how;
  }
}

/**
 * The processes that compute together. They take training steps and share work in pieces (see `inTurns`); for what else there is to do
 * the others wait for the first, for as long as it lives, and then take over what it has made.
 */
export class Cluster {
  readonly rank: number;
  readonly size: number;
  readonly addresses: readonly string[];
  /** Whether all of them do this stage's work, so that pieces of it can be shared; else the others wait for the first. */
  sharesStage = false;
  readonly #lines: Meeting['lines'];
  #putBack: Message | undefined;

  constructor({ rank, size }: Pick<Membership, 'rank' | 'size'>, { addresses, lines }: Meeting) {
    this.rank = rank;
    this.size = size;
    this.addresses = addresses;
    this.#lines = lines;
  }

  /** The operating system's numbers of the connections to the others. Throws `ProcessLost` where one has ended. */
  get descriptors(): readonly number[] {
    return this.#lines.map(({ isOpen, descriptor }) => {
      if (!isOpen || descriptor === undefined) throw new ProcessLost('before it computed anything');
      return descriptor;
    });
  }

  /** The first process tells all others. Throws `ProcessLost` where one is gone. */
  tell(message: Message): void {
    for (const line of this.#lines) {
      if (!line.isOpen) throw new ProcessLost('while the first one worked alone');
      line.send(message);
    }
  }

  /** The first process tells all others, and waits for their answers, however long they need. Throws as `tell`. */
  async ask(message: Message): Promise<readonly Message[]> {
    this.tell(message);
    return this.answers(Infinity);
  }

  /** The first process tells one other. */
  tellOne(rank: number, message: Message): void {
    this.#lines[rank - 1]!.send(message);
  }

  /** What one other process tells the first next; undefined where it is gone, or after so many milliseconds. */
  hearFrom(rank: number, within: number): Promise<Message | undefined> {
    return this.#lines[rank - 1]!.receive(within);
  }

  /**
   * What the first tells next, however long that takes. Throws `ProcessLost` when it is gone; once it says that it is over,
   * `Interrupted` or `Dismissed`.
   */
  async hear(): Promise<Message> {
    const before = this.#putBack;
    this.#putBack = undefined;
    const message = before ?? (await this.#lines[0]!.receive());
    if (message === undefined) throw new ProcessLost('while the first one worked alone');
    switch (message['over']) {
      case undefined:
        return message;
      case 'stopped':
        throw new Interrupted('Stopped with the first process.');
      default:
        throw new Dismissed(message['over'] === 'done' ? 'done' : 'failed');
    }
  }

  /** Leaves what was heard to whoever hears next. */
  putBack(message: Message): void {
    this.#putBack = message;
  }

  /** Answers the first. */
  answer(message: Message): void {
    this.#lines[0]!.send(message);
  }

  /**
   * The answers of all others by rank less 1. Throws `UserError` naming those who give none within a minute, or so many
   * milliseconds, and `ProcessLost` where one is gone.
   */
  async answers(within = 55_000): Promise<readonly Message[]> {
    const answers = await Promise.all(this.#lines.map((line) => line.receive(within)));
    if (!this.#lines.every((line) => line.isOpen)) throw new ProcessLost('before it gave an answer');
    const silent = answers.flatMap((answer, i) => (answer === undefined ? [`number ${i + 1}`] : []));
    if (silent.length === 0) return answers as Message[];
    throw new UserError(`Of ${this.size} processes ${silent.join(', ')} did not answer`, {
      remedy: 'See what it said. The folder of the results must lie on a file system that all can read.',
    });
  }

  /** The first process is done, has stopped, or failed: the others need not wait any more. */
  dismiss(how: 'done' | 'stopped' | 'failed'): void {
    for (const line of this.#lines) line.send({ over: how });
  }
}

let joined: Cluster | undefined;

/** The processes of which this is one; undefined where it is alone. */
export function cluster(): Cluster | undefined {
  return joined;
}

/** Which part of each batch this process makes, where several share the stage. */
export function batchShare(): { readonly index: number; readonly of: number } | undefined {
  return joined?.sharesStage === true ? { index: joined.rank, of: joined.size } : undefined;
}

/**
 * Meets the others, before TensorFlow is loaded, which then computes with theirs. Throws as `meet`, and `Error` where this process
 * has joined others before.
 */
export async function joinCluster(membership: Membership, options: MeetingOptions): Promise<Cluster> {
  if (joined !== undefined) throw new Error('This process is one of several already.');
  joined = new Cluster(membership, await meet(membership, options));
  chooseGpu(membership.localRank);
  return joined;
}
