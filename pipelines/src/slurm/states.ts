import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { readProgress } from '../run/recorded-progress.ts';
import type { QueueLine } from './slurm.ts';
import { isCancelled, type Submitted, type SubmittedArray, type SubmittedElement } from './submission.ts';

/** What has become of an element; `left out`: something that it needs has failed. */
export type State = 'done' | 'runs' | 'waits' | 'failed' | 'cancelled' | 'left out';

/** An element of a submission as it stands. */
export interface ElementState {
  readonly array: SubmittedArray;
  readonly element: SubmittedElement;
  readonly state: State;
  /** How far it has come, or why it does not run. */
  readonly why: string;
  /** How often it was started again. */
  readonly restarts: number;
}

/** A queue of Slurm; undefined where it cannot be asked. */
export type Queue = ReadonlyMap<string, QueueLine> | undefined;

/** All elements of a submission as they stand, from its folder and the queue. `now` as `Date.now` gives it. */
export function statesOf(submission: Submitted, queue: Queue, now = Date.now()): ElementState[] {
  const found = new Map<string, ElementState>();
  const all: ElementState[] = [];
  for (const array of submission.arrays) {
    for (const element of array.elements) {
      const state = { array, element, ...stateOf(submission, array, element, { queue, found, now }) };
      found.set(`${array.name} ${element.index}`, state);
      all.push(state);
    }
  }
  return all;
}

/** Whether anything of a submission still runs or waits. */
export function isUnderWay(states: readonly ElementState[]): boolean {
  return states.some(({ state }) => state === 'runs' || state === 'waits');
}

interface Seen {
  readonly queue: Queue;
  /** States of the elements before, by `<array> <index>`. */
  readonly found: ReadonlyMap<string, ElementState>;
  readonly now: number;
}

type Judged = Pick<ElementState, 'state' | 'why' | 'restarts'>;

function stateOf(submission: Submitted, array: SubmittedArray, element: SubmittedElement, seen: Seen): Judged {
  const { queue, found, now } = seen;
  const { word, rest, restarts } = readMark(submission, array, element);
  const line = queue?.get(array.isArray ? `${array.job}_${element.index}` : array.job);
  const judged = (state: State, why = ''): Judged => ({ state, why, restarts });
  if (word === 'done') return judged('done');
  if (word === 'failed')
    return judged('failed', lastWords(logFile(submission, array, element)) ?? `exit code ${rest[0]}`);
  if (line !== undefined && line.state !== 'PENDING') {
    if (word === 'requeued') return judged('waits', 'goes back into the queue');
    if (line.state !== 'RUNNING') return judged('runs', line.state.toLowerCase());
    return judged('runs', howFar(element, now));
  }
  if (line !== undefined) return judged('waits', waitingFor(line, array, word !== undefined));
  if (word === 'cancelled' || isCancelled(submission)) return judged('cancelled');
  const lost = needsOf(array, element, submission).find((need) => isLost(found.get(need)));
  if (lost !== undefined) return judged('left out', `it needs ${found.get(lost)!.element.label}`);
  if (queue === undefined)
    return word === 'runs' ? judged('runs', howFar(element, now)) : judged('waits', 'Slurm cannot be asked');
  if (word === undefined) return judged('cancelled', 'it is not in the queue any more');
  return judged('failed', 'it ended without a word: killed, or past its time limit');
}

const isLost = (one: ElementState | undefined): boolean =>
  one !== undefined && ['failed', 'cancelled', 'left out'].includes(one.state);

/** Those elements that have to be done before one. */
function needsOf({ after }: SubmittedArray, { index }: SubmittedElement, { arrays }: Submitted): string[] {
  return after.flatMap(({ kind, array }) => {
    if (kind === 'afterany') return [];
    if (kind === 'aftercorr') return [`${array} ${index}`];
    const needed = arrays.find(({ name }) => name === array);
    return (needed?.elements ?? []).map((one) => `${array} ${one.index}`);
  });
}

/** What an element has last said of itself. */
function readMark({ folder }: Submitted, { name }: SubmittedArray, { index }: SubmittedElement) {
  let text = '';
  try {
    text = readFileSync(join(folder, 'state', `${name}-${index}`), 'utf8');
  } catch {
    // It has not begun.
  }
  const [word, ...rest] = text.trim().split(' ').filter((one) => one !== ''); // prettier-ignore
  const restarts = word === 'runs' || word === 'requeued' ? Number(rest[0] ?? 0) + Number(word === 'requeued') : 0;
  return { word, rest, restarts };
}

/** Where an element's log lies. */
export function logFile({ folder }: Submitted, { name, isArray }: SubmittedArray, { index }: SubmittedElement): string {
  return join(folder, 'log', isArray ? `${name}-${index}.log` : `${name}.log`);
}

function howFar({ work }: SubmittedElement, now: number): string {
  const progress = readProgress(work);
  if (progress === undefined) return '';
  const minutes = Math.floor((now - progress.at) / 60_000);
  return minutes < 2 ? progress.text : `${progress.text} (${minutes} min ago)`;
}

/** Slurm's reasons in words; the others as they are. */
function waitingFor({ reason, start }: QueueLine, { after }: SubmittedArray, again: boolean): string {
  const soon = start === 'N/A' ? '' : `, from ${start.replace('T', ' ')}`;
  const words: Record<string, string> = {
    Dependency: `for ${after.map(({ array }) => array).join(', ')}`,
    DependencyNeverSatisfied: 'for what has failed: selfsup cancel takes it out',
    JobArrayTaskLimit: 'for others of its array',
    Resources: `for a node${soon}`,
    Priority: `for others that come first${soon}`,
    BeginTime: again ? `put back into the queue${soon}` : `for its time${soon}`,
    None: again ? 'put back into the queue' : 'for a node',
  };
  return words[reason] ?? reason;
}

/** The last error that a log tells, else its last line. */
function lastWords(file: string): string | undefined {
  let text: string;
  try {
    const log = openSync(file, 'r');
    try {
      const { size } = fstatSync(log);
      const bytes = Buffer.alloc(Math.min(size, 1 << 16));
      readSync(log, bytes, 0, bytes.length, size - bytes.length);
      text = bytes.toString();
    } finally {
      closeSync(log);
    }
  } catch {
    return undefined;
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('== '));
  return lines.findLast((line) => /^\S*[Ee]rror: /.test(line)) ?? lines.at(-1);
}
