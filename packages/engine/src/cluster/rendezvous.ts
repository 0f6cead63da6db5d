// @no-effect-on-results
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@selfsup/kit/errors';
import type { Membership } from './membership.ts';
import { MessageLine, type Message } from './message-line.ts';

/** What processes know of each other once all are there. */
export interface Meeting {
  /** Where each process's TensorFlow is to listen, `host:port`, by rank. */
  readonly addresses: readonly string[];
  /** Of the first process to all others, by rank less 1; of any other to the first. */
  readonly lines: readonly MessageLine[];
}

/** How to meet. */
export interface MeetingOptions {
  /** What all must be about to do, such as a stage with its seed: another's are refused. */
  readonly purpose: string;
  /** Milliseconds in which all have to come; less than a minute by default. */
  readonly within?: number;
}

/** With the time that a command needs to start, not more than a minute. */
const DEFAULT_WITHIN = 50_000;
const sameCommand = 'Start all processes by the same command; give each job a port of its own.';

const isLoopback = (host: string): boolean => /^(?:127\.|::1$|localhost$)/.test(host);

/**
 * Waits until all processes of a membership are there. Each says which free port its TensorFlow will take; the first, at
 * the address that all were given, hands out the list. Throws `UserError` naming the ranks that did not come, whom this process
 * was refused for, a port that is taken, or a host that cannot be reached.
 */
export async function meet(membership: Membership, options: MeetingOptions): Promise<Meeting> {
  const own = await freePort();
  return membership.rank === 0 ? gather(membership, options, own) : come(membership, options, own);
}

/** A port that nobody listens on at this moment. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, host, () => {
      const address = server.address() as { port: number };
      server.close(() => resolve(address.port));
    });
  });
}

async function gather(membership: Membership, options: MeetingOptions, own: number): Promise<Meeting> {
  const { size, host, job } = membership;
  const { within = DEFAULT_WITHIN } = options;
  const members = new Map<number, { readonly address: string; readonly line?: MessageLine }>();
  members.set(0, { address: addressOf(host, own) });
  const refused = new Set<string>();
  let complete!: () => void;
  let spoil!: (error: UserError) => void;
  const all = new Promise<void>((resolve, reject) => {
    complete = resolve;
    spoil = reject;
  });
  const admit = async (socket: Socket): Promise<void> => {
    const line = new MessageLine(socket);
    const hello = await line.receive();
    if (hello === undefined) return;
    const why = refusal(membership, options, hello, members.has(hello['rank'] as number));
    if (why !== undefined) {
      refused.add(why);
      line.send({ refused: why });
      line.close();
      // One of ours that is wrong will not come right by waiting; another job's is no concern of ours.
      if (hello['job'] === job) spoil(misfit(why));
      return;
    }
    const from = socket.remoteAddress!.replace(/^::ffff:/, '');
    members.set(hello['rank'] as number, {
      address: addressOf(isLoopback(from) ? host : from, hello['port'] as number),
      line,
    });
    if (members.size === size) complete();
  };
  const server = createServer((socket) => void admit(socket));
  await listen(server, membership);
  const timer = new AbortController();
  try {
    await Promise.race([all, sleep(within, undefined, { signal: timer.signal }).catch(() => undefined)]);
    if (members.size < size) throw missing(membership, [...members.keys()], [...refused], within);
  } catch (error) {
    for (const { line } of members.values()) line?.close();
    throw error;
  } finally {
    timer.abort();
    server.close();
  }
  const byRank = Array.from({ length: size }, (_, rank) => members.get(rank)!);
  const addresses = byRank.map(({ address }) => address);
  const lines = byRank.slice(1).map(({ line }) => line!);
  for (const line of lines) line.send({ addresses });
  return { addresses, lines };
}

/** Why a process is not one of ours; undefined where it is. */
function refusal(
  { job, size }: Membership,
  { purpose }: MeetingOptions,
  { job: itsJob, size: itsSize, rank, purpose: its }: Message,
  isThere: boolean,
): string | undefined {
  const who = `process ${String(rank)}`;
  if (itsJob !== job) return `${who} belongs to another job`;
  if (itsSize !== size) return `${who} is one of ${String(itsSize)}, not of ${size}`;
  if (isThere || !Number.isInteger(rank) || (rank as number) >= size) return `there is a ${who} already`;
  return its === purpose ? undefined : `${who} is at '${String(its)}', the first at '${purpose}'`;
}

function misfit(why: string): UserError {
  return new UserError(`The processes do not fit together: ${why}`, {
    remedy: sameCommand,
  });
}

function missing({ size, host, port }: Membership, there: number[], refused: string[], within: number): UserError {
  const absent = Array.from({ length: size }, (_, rank) => rank).filter((rank) => !there.includes(rank));
  const said = refused.length === 0 ? '' : ` Refused: ${refused.join('; ')}.`;
  return new UserError(
    `Of ${size} processes ${absent.map((rank) => `number ${rank}`).join(', ')} did not come within ${within / 1000} s.${said}`,
    { remedy: `Start all of them at about the same time; they have to reach ${host}:${port}.` },
  );
}

async function listen(server: Server, { host, port }: Membership): Promise<void> {
  // A name may stand for an address that is this machine's only from outside.
  const where = isLoopback(host) ? host : undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen(port, where, resolve);
    });
  } catch (cause) {
    throw new UserError(`The processes cannot meet at ${host}:${port}: ${(cause as Error).message}`, {
      field: 'MASTER_PORT',
      remedy: 'Another program, or another job, has that port: choose another one.',
      cause,
    });
  }
}

async function come(membership: Membership, options: MeetingOptions, own: number): Promise<Meeting> {
  const { rank, size, host, port, job } = membership;
  const { purpose, within = DEFAULT_WITHIN } = options;
  const until = performance.now() + within;
  let last = '';
  do {
    const socket = connect(port, host);
    const failed = new Promise<string>((resolve) => socket.on('error', ({ message }) => resolve(message)));
    const line = new MessageLine(socket);
    socket.once('connect', () => line.send({ job, rank, size, purpose, port: own }));
    // Whoever else listens there may never say anything; the first itself waits no longer than that.
    const answer = await line.receive(within);
    if (Array.isArray(answer?.['addresses'])) return { addresses: answer['addresses'] as string[], lines: [line] };
    if (answer !== undefined) {
      line.close();
      throw new UserError(`The first process, at ${host}:${port}, refuses: ${String(answer['refused'])}`, {
        remedy: sameCommand,
      });
    }
    const silence = socket.connecting ? 'it gives no answer' : 'who listens there says nothing';
    last = await Promise.race([failed, sleep(50, line.isOpen ? silence : 'it ended the connection')]);
    socket.destroy();
    await sleep(200);
  } while (performance.now() < until);
  throw new UserError(`Process ${rank} of ${size} did not find the first one at ${host}:${port}: ${last}`, {
    field: 'MASTER_ADDR',
    remedy:
      'Give the name or address of the machine of the first process, which must be reachable, and start that one too.',
  });
}

function addressOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
