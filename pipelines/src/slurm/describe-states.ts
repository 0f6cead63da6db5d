import { basename } from 'node:path';
import type { RunningHere } from '../run/running-here.ts';
import { shownPath } from '../store/shown-path.ts';
import { logFile, type ElementState, type State } from './states.ts';
import type { Submitted } from './submission.ts';

const order: readonly State[] = ['runs', 'waits', 'failed', 'left out', 'cancelled', 'done'];
/** How many elements of one kind are shown one by one. */
const mostShown = 20;

/** A submission as it stands, in lines: counts by array, what runs with rate and time left, what failed and why. */
export function describeStates(submission: Submitted, states: readonly ElementState[]): string[] {
  const { folder, arrays } = submission;
  const width = Math.max(...arrays.map(({ name }) => name.length));
  const lines = [`${basename(folder)}: ${counts(states)}`];
  for (const array of arrays) {
    const own = states.filter((one) => one.array === array);
    lines.push(`  ${array.name.padEnd(width)}  ${counts(own)}${reasons(own)}`);
  }
  for (const state of ['runs', 'failed'] as const) {
    const some = states.filter((one) => one.state === state);
    for (const one of some.slice(0, mostShown)) lines.push(...describeElement(submission, one));
    if (some.length > mostShown) lines.push(`  and ${some.length - mostShown} more: ${state}`);
  }
  return lines;
}

function describeElement(submission: Submitted, { array, element, state, why, restarts }: ElementState): string[] {
  const again = restarts === 0 ? '' : `, started again ${restarts === 1 ? 'once' : `${restarts} times`}`;
  const more = [why || (state === 'runs' ? 'begins' : '')];
  if (state === 'failed') more.push(shownPath(logFile(submission, array, element)));
  return [`  ${state.padEnd(6)}  ${element.label}${again}`, ...more.map((one) => `          ${one}`)];
}

/** What runs on this machine without Slurm, in lines; none where nothing does. */
export function describeHere(running: readonly RunningHere[]): string[] {
  if (running.length === 0) return [];
  const lines = running.flatMap(({ label, progress = 'begins' }) => [`  runs    ${label}`, `          ${progress}`]);
  return ['On this machine, not by Slurm:', ...lines];
}

/** Text as a terminal takes it without wrapping or scrolling, with a last line below. */
export function screenOf(text: string, last: string, { columns = 80, rows = 24 }): string {
  const lines = text.split('\n');
  const room = Math.max(1, rows - 3);
  const shown = lines.slice(0, lines.length > room ? room - 1 : room);
  if (shown.length < lines.length) shown.push(`and ${lines.length - shown.length} more lines: selfsup jobs`);
  const cut = [...shown, '', last].map((line) => (line.length <= columns ? line : `${line.slice(0, columns - 1)}…`));
  return `${cut.join('\n')}\n`;
}

function counts(states: readonly ElementState[]): string {
  const words = order.flatMap((state) => {
    const count = states.filter((one) => one.state === state).length;
    if (count === 0) return [];
    const verb = count === 1 ? state : { runs: 'run', waits: 'wait' }[state as 'runs' | 'waits'] ?? state; // prettier-ignore
    return [`${count} ${verb}`];
  });
  return words.join(', ') || 'nothing';
}

/** Why elements wait, or were left out, each reason once. */
function reasons(states: readonly ElementState[]): string {
  const why = states.filter(({ state }) => state === 'waits' || state === 'left out').map((one) => one.why);
  const unique = [...new Set(why)].filter((one) => one !== '');
  if (unique.length === 0) return '';
  return ` (${unique.slice(0, 3).join('; ')}${unique.length > 3 ? '; …' : ''})`;
}
