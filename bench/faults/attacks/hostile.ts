import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Attack, Outcome } from '../campaign.ts';
import type { Tally } from '../hostile-child.ts';
import { formats } from '../hostile/formats.ts';

/** Inputs of one case, all of one format. */
const inputs = 500;
/** Milliseconds that one input may take. */
const mostMilliseconds = 10_000;
/** Megabytes of a process that reads inputs one after another. */
const mostMegabytes = 2048;

/**
 * Fuzzed files of every format that is read, seeds from the real ones, read as the product reads them: each is read, or refused
 * with an error, or a reason why an image is damaged, that tells of the file.
 */
const attack: Attack = {
  title: `fuzzed files of ${formats.length} kinds: pictures, archives, tables, lists, annotations, checkpoints, configs`,
  isOfFilesHere: true,
  cases: 4 * formats.length,
  open({ folder, seed }) {
    const program = fileURLToPath(new URL('../hostile-child.ts', import.meta.url));
    mkdirSync(folder, { recursive: true });
    const strike = async (which: number): Promise<Outcome> => {
      const format = formats[which % formats.length]!;
      const first = Math.floor(which / formats.length) * inputs;
      const seen: string[] = [];
      const sum: Tally = { read: 0, first: 0, later: 0, wrong: [], megabytes: 0 };
      for (let next = first; next < first + inputs;) {
        const { at, tally, fault } = await read(program, folder, { format, seed, from: next, to: first + inputs });
        for (const key of ['read', 'first', 'later'] as const) sum[key] += tally[key];
        sum.megabytes = Math.max(sum.megabytes, tally.megabytes);
        seen.push(...tally.wrong.map((one) => `${format} ${one}`));
        if (fault === undefined) break;
        seen.push(`${format} ${at}: ${fault}`);
        next = at + 1;
      }
      if (sum.megabytes > mostMegabytes) seen.push(`${format}: ${sum.megabytes} MB`);
      const about =
        `${inputs} ${format} from ${first}: ${sum.read} read, ${sum.first} refused at the first check, ` +
        `${sum.later} later; at most ${sum.megabytes} MB`;
      return { struck: inputs, lost: 0, wrong: seen.length, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    return Promise.resolve({ strike });
  },
};
export default attack;

interface Ran {
  /** The input that was read last. */
  readonly at: number;
  readonly tally: Tally;
  /** How the process ended before its end. */
  readonly fault: string | undefined;
}

/** Reads inputs in a process of its own until it has read all, dies, or takes too long over one. */
function read(
  program: string,
  folder: string,
  asked: { format: string; seed: number; from: number; to: number },
): Promise<Ran> {
  const work = join(folder, 'work');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const words = [asked.format, String(asked.seed), String(asked.from), String(asked.to), work];
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let at = asked.from;
  let errors = '';
  let isLate = false;
  const late = (): void => {
    isLate = true;
    child.kill('SIGKILL');
  };
  // The first takes as long as it takes to load what reads.
  let timer = setTimeout(late, 120_000);
  child.stderr.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-2000)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    at = Number(line);
    clearTimeout(timer);
    timer = setTimeout(late, mostMilliseconds);
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const file = join(work, 'tally.json');
      const none: Tally = { read: 0, first: 0, later: 0, wrong: [], megabytes: 0 };
      const tally = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Tally) : none;
      const how = isLate ? `took more than ${mostMilliseconds / 1000} s` : `ended with ${signal ?? code}: ${errors}`;
      resolve({ at, tally, fault: code === 0 && !isLate ? undefined : how });
    });
  });
}
