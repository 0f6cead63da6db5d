import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import type { JobArray } from './arrays.ts';

/** What the user says of the jobs. */
export interface JobSettings {
  /** How many elements of an array run at once. */
  readonly atOnce: number;
  /** Cores, and threads, of each. */
  readonly cpus: number;
  /** Starts in a row that may bring an element no further. */
  readonly restarts: number;
  /** Further options of sbatch. */
  readonly options: readonly string[];
}

/** The batch script, within a submission's folder. */
export const scriptName = 'element.sh';

/** Options that a submission rests on, and those that would make another of it. */
const ours: readonly (readonly string[])[] = [
  ['--array', '-a'],
  ['--dependency', '-d'],
  ['--job-name', '-J'],
  ['--output', '-o'],
  ['--error', '-e'],
  ['--chdir', '-D'],
  ['--hold', '-H'],
  ['--wait', '-W'],
  ['--export'],
  ['--open-mode'],
  ['--requeue'],
  ['--no-requeue'],
  ['--kill-on-invalid-dep'],
  ['--parsable'],
  ['--test-only'],
  ['--wrap'],
];

/** Throws `UserError` for an option of sbatch that a submission sets itself or has no use for, or whose value stands apart. */
export function checkOptions(options: readonly string[]): void {
  for (const option of options) {
    const field = '-- <sbatch options>';
    const [name] = option.split('=') as [string];
    if (!option.startsWith('-')) {
      throw new UserError(`'${option}' is no option of sbatch`, {
        field,
        remedy: 'Write values with a sign of equality: --time=4:00:00. What is submitted is named before the dashes.',
      });
    }
    const short = /^-[^-]/.test(option) ? option.slice(0, 2) : undefined;
    if (ours.some((names) => names.includes(name) || (short !== undefined && names.includes(short)))) {
      throw new UserError(`${short ?? name} is set by the submission itself`, { field, remedy: 'Leave it out.' });
    }
    if (['--ntasks', '--ntasks-per-node'].includes(name) || short === '-n') {
      throw new UserError(`${short ?? name}: of a submission each stage is one process`, {
        field,
        remedy: 'Give it cores by --cpus. One training on several tasks takes a script of its own: docs/scale.md.',
      });
    }
    if (name === '--signal' && !/^--signal=B:(TERM|SIGTERM|15)@\d+$/.test(option)) {
      throw new UserError(`${option} would not stop a stage as it has to be stopped`, {
        field,
        remedy: 'Only the time may be another one: --signal=B:TERM@300.',
      });
    }
  }
}

/** The value of an option among those of sbatch, by its long name and its short one. */
export function optionValue(options: readonly string[], long: string, short: string): string | undefined {
  const found = options.findLast((one) => one.startsWith(`${long}=`) || one.startsWith(short));
  return found?.startsWith(long) === true ? found.slice(long.length + 1) : found?.slice(short.length);
}

/** Where and after what an array is submitted. */
interface Placing {
  /** What was submitted, for the names of jobs. */
  readonly name: string;
  readonly folder: string;
  /** Root of the workspace. */
  readonly root: string;
  /** As `aftercorr:12`; with none it is held until all are submitted. */
  readonly after: readonly string[];
}

/**
 * The arguments of sbatch for one array. TERM comes two minutes before the time limit (Slurm may send it half a minute
 * early), to the script alone; logs are appended to, and a lost node's jobs come back.
 */
export function sbatchArgs(
  { name: array, indices, isArray }: Pick<JobArray, 'name' | 'indices' | 'isArray'>,
  { name, folder, root, after }: Placing,
  { atOnce, cpus, restarts, options }: JobSettings,
): string[] {
  return [
    '--parsable',
    `--job-name=${name}:${array}`,
    `--chdir=${root}`,
    `--output=${join(folder, 'log', isArray ? `${array}-%a.log` : `${array}.log`)}`,
    '--requeue',
    '--open-mode=append',
    '--signal=B:TERM@120',
    `--cpus-per-task=${cpus}`,
    ...(isArray ? [`--array=${ranges(indices)}%${atOnce}`] : []),
    after.length > 0 ? `--dependency=${after.join(',')}` : '--hold',
    ...options,
    join(folder, scriptName),
    folder,
    array,
    String(restarts),
  ];
}

/** Sorted numbers as Slurm writes them: `0-3,7`. */
export function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

/** Words as a shell reads them. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
