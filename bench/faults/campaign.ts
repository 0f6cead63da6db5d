import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJsonLines } from '@selfsup/kit/parse';
import type { RandomKey } from '@selfsup/kit/random';

/** What one case of an attack did, and what came of it. All numbers but `struck` and `seconds` ought to be 0. */
export interface Outcome {
  /** How often it struck: kills that landed, bytes flipped, files read. */
  readonly struck: number;
  /** Acknowledged results or records that are gone. */
  readonly lost: number;
  /** Results that differ from those of a run left alone, and half-written ones that a reader saw. */
  readonly wrong: number;
  /** Damage that nobody named. */
  readonly unnoticed: number;
  /** What was struck. */
  readonly about: string;
  /** What was seen, where it was not as it ought to be. */
  readonly seen?: readonly string[] | undefined;
}

/** A line of the results. */
export interface Line extends Outcome {
  readonly attack: string;
  readonly seed: number;
  readonly case: number;
  readonly seconds: number;
  /** Of the attacked code, with `-dirty` where files were not committed. */
  readonly commit?: string;
  /** The same of the code that attacks. */
  readonly bench?: string;
  /** Other settings, as typed. */
  readonly options?: Readonly<Record<string, string>>;
}

/** What an attack is given. */
export interface Setting {
  /** Of the attack's own, kept between calls. */
  readonly folder: string;
  readonly key: RandomKey;
  readonly seed: number;
  /** Other settings, as typed: `--set name=value`. */
  readonly options: Readonly<Record<string, string>>;
}

/** An attack that is ready. */
interface Opened {
  /** How many cases there are, where that had to be found out. */
  readonly cases?: number;
  strike(which: number): Promise<Outcome>;
  close?(): Promise<void>;
}

/** One kind of fault. */
export interface Attack {
  /** For the table. */
  readonly title: string;
  /** How many cases make the campaign. */
  readonly cases: number;
  /** Whether it attacks the files that it is of, and no checkout. */
  readonly isOfFilesHere?: boolean;
  /** Makes ready what all cases need. */
  open(setting: Setting): Promise<Opened>;
}

/** The results of an attack that are there; of a case that was run again the last one. */
export function readLines(file: string): Line[] {
  const lines = existsSync(file) ? (parseJsonLines(readFileSync(file, 'utf8')) as Line[]) : [];
  return [...new Map(lines.map((line) => [`${line.seed} ${line.case}`, line])).values()];
}

export const isBad = ({ lost, wrong, unnoticed }: Outcome): boolean => lost + wrong + unnoticed > 0;

/** Which cases, and where their results are kept. */
export interface Wanted {
  readonly results: string;
  readonly from?: number;
  readonly count: number;
  /** Whether those that have a result are run again. */
  readonly again?: boolean;
  readonly commit: string;
  readonly bench: string;
}

/**
 * Runs the cases of an attack that have no result yet, and appends a line for each; a signal ends it after its case. An
 * attack that throws counts as wrong. Gives the results of all cases that were asked for.
 */
export async function campaign(
  name: string,
  attack: Attack,
  setting: Setting,
  { results, from = 0, count, again = false, commit, bench }: Wanted,
): Promise<Line[]> {
  mkdirSync(results, { recursive: true });
  mkdirSync(setting.folder, { recursive: true });
  const file = join(results, `${name}.jsonl`);
  const { seed, options } = setting;
  const own = (): Line[] =>
    readLines(file).filter((line) => line.seed === seed && line.case >= from && line.case < from + count);
  const done = again ? [] : own().map((line) => line.case);
  const wanted = Array.from({ length: count }, (_, i) => from + i).filter((which) => !done.includes(which));
  if (wanted.length === 0) return own();
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (stopped = true));
  const opened = await attack.open(setting);
  try {
    for (const which of wanted) {
      if (stopped || which >= (opened.cases ?? Infinity)) break;
      const began = performance.now();
      const outcome = await opened.strike(which).catch(thrown);
      const seconds = Math.round(performance.now() - began) / 1000;
      const seen = outcome.seen?.slice(0, 10);
      const line: Line = { attack: name, seed, case: which, seconds, commit, bench, options, ...outcome, seen };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      const verdict = isBad(outcome) ? 'BAD' : 'ok';
      const shown = (seen ?? []).map((text) => `\n    ${text}`).join('');
      console.log(`${name} ${which}: ${verdict} in ${seconds} s: ${outcome.about}${shown}`);
    }
  } finally {
    await opened.close?.();
  }
  return own();
}

function thrown(error: unknown): Outcome {
  const { stack } = error as Error;
  return { struck: 0, lost: 0, wrong: 1, unnoticed: 0, about: 'the attack threw', seen: [stack ?? String(error)] };
}
