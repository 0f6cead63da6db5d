// Reads fuzzed inputs one after another, and says before each which it is: a crash or a hang names its input.
// node --import tsx bench/faults/hostile-child.ts <format> <seed> <from> <to> <folder>
// With EXPLAIN set it also says what is said of each.
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { Draws } from './hostile/draws.ts';
import { fault, unclear } from './hostile/judge.ts';
import { readerOf, type Format } from './hostile/readers.ts';
import { mutated } from './mutate.ts';

/** What came of the inputs that were read. */
export interface Tally {
  /** Read without a word. */
  read: number;
  /** Refused because not even the first check holds. */
  first: number;
  /** Refused, or an image of it, for a reason that shows later. */
  later: number;
  /** Inputs whose error or reason does not say what is wrong with the file. */
  readonly wrong: string[];
  megabytes: number;
}

const [format, seed, from, to, folder] = process.argv.slice(2) as [Format, string, string, string, string];
const { seeds, shaped, firstCheck, read } = await readerOf(format, folder);
const tally: Tally = { read: 0, first: 0, later: 0, wrong: [], megabytes: 0 };
const explained = process.env['EXPLAIN'] !== undefined;
for (let i = Number(from); i < Number(to); i++) {
  const bytes = mutated(seeds, shaped, new Draws(Number(seed), format, i));
  writeSync(1, `${i}\n`);
  let said: string[];
  let wrong: string | undefined;
  try {
    said = [...(await read(bytes))];
    wrong = said.map(unclear).find((one) => one !== undefined);
  } catch (error) {
    wrong = fault(error);
    said = [error instanceof UserError ? error.message : String(error)];
  }
  if (wrong !== undefined) tally.wrong.push(`${i}: ${wrong}`);
  tally[said.length === 0 ? 'read' : said.some((one) => firstCheck.test(one)) ? 'first' : 'later'] += 1;
  if (explained) writeSync(2, `${i} ${said.map((one) => one.slice(0, 200)).join(' | ')}\n`);
  writeFileSync(
    join(folder, 'tally.json'),
    JSON.stringify({ ...tally, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }),
  );
}
process.exit(0);
