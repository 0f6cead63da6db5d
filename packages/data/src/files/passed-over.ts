import type { PassedOver } from '../store/manifest.ts';
import { litterReason } from './litter.ts';
import { oneLine } from './one-line.ts';

/** A file that a source saw and did not read, and why. */
export interface NotRead {
  readonly path: string;
  readonly reason: string;
}

/** The ending of a path in small letters, such as `.txt`; empty where it has none. */
export function endingOf(path: string): string {
  return /[^/](\.[^./\s]{1,12})$/.exec(path)?.[1]?.toLowerCase() ?? '';
}

/** Counts files that were not read, by reason and ending; the most frequent first. */
export function passedOver(files: readonly NotRead[]): PassedOver[] {
  const groups = new Map<string, { reason: string; ending: string; count: number; example: string }>();
  for (const { path, reason } of files) {
    const ending = reason === litterReason ? '' : endingOf(path); // .Trash-1000, $RECYCLE.BIN
    const group = groups.get(`${reason}\n${ending}`);
    if (group === undefined) groups.set(`${reason}\n${ending}`, { reason, ending, count: 1, example: path });
    else group.count++;
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** For example: `12 files .txt: no picture that is read, such as notes/a.txt`. */
export function passedOverText({ reason, ending, count, example }: PassedOver): string {
  const which = ending === '' ? '' : ` ${ending}`;
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'file' : 'files'}${which}: ${reason}, such as ${oneLine(example)}`;
}
