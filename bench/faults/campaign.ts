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
  /** Makes ready what all cases need. */
  open(setting: Setting): Promise<Opened>;
}

/** The results of an attack that are there. */
export function readLines(file: string): Line[] {
  return existsSync(file) ? (parseJsonLines(readFileSync(file, 'utf8')) as Line[]) : [];
}

/** Runs the cases of an attack that have no result yet, and appends a line for each; a signal ends it after its case. */
export async function campaign(
  name: string,
  attack: Attack,
  setting: Setting,
  { results, from = 0, count }: { readonly results: string; readonly from?: number; readonly count: number },
): Promise<Line[]> {
  mkdirSync(results, { recursive: true });
  mkdirSync(setting.folder, { recursive: true });
  const file = join(results, `${name}.jsonl`);
  const done = new Set(
    readLines(file)
      .filter(({ seed }) => seed === setting.seed)
      .map((line) => line.case),
  );
  const wanted = Array.from({ length: count }, (_, i) => from + i).filter((which) => !done.has(which));
  const lines: Line[] = [];
  if (wanted.length === 0) return lines;
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (stopped = true));
  const opened = await attack.open(setting);
  try {
    for (const which of wanted) {
      if (stopped || which >= (opened.cases ?? Infinity)) break;
      const began = performance.now();
      const outcome = await opened.strike(which);
      const seconds = Math.round(performance.now() - began) / 1000;
      const line: Line = { attack: name, seed: setting.seed, case: which, seconds, ...outcome };
      if (line.seen !== undefined) Object.assign(line, { seen: line.seen.slice(0, 10) });
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      lines.push(line);
      const isBad = outcome.lost + outcome.wrong + outcome.unnoticed > 0;
      console.log(
        `${name} ${which}: ${isBad ? 'BAD' : 'ok'} in ${seconds} s: ${outcome.about}${(outcome.seen ?? [])
          .slice(0, 10)
          .map((text) => `\n    ${text}`)
          .join('')}`,
      );
    }
  } finally {
    await opened.close?.();
  }
  return lines;
}
