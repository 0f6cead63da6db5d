import { copyFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@selfsup/kit/errors';
import type { Stage } from '../declare/stage.ts';
import { assertKnown } from '../declare/workspace.ts';
import { program } from '../run/child-command.ts';
import type { Session } from '../run/session.ts';
import { assertWritable } from '../store/artifacts.ts';
import type { JobArray } from './arrays.ts';
import { checkOptions, optionValue, sbatchArgs, scriptName, shellWords, type JobSettings } from './sbatch.ts';
import { kindsOfNodes, partitions, slurm } from './slurm.ts';
import { newSubmissionFolder, writeSubmission, type Submission, type SubmittedArray } from './submission.ts';

/** What is submitted. */
export interface Order {
  /** For people and for folders. */
  readonly name: string;
  readonly arrays: readonly JobArray[];
  /** The words that name it, and what of it is meant, to commands. */
  readonly words: readonly string[];
  /** The options of the command that are no options of sbatch. */
  readonly flags: readonly string[];
}

const script = fileURLToPath(new URL(scriptName, import.meta.url));

/** The report as a job: it comes when all others have ended, however. */
const reportArray = { name: 'report', indices: [0], stages: [], isArray: false, after: [] } satisfies JobArray;

/** The commands by which an order would be submitted, jobs named by their arrays. */
export function dryRunLines(session: Session, { name, arrays }: Order, settings: JobSettings): string[] {
  const placing = {
    name,
    root: session.workspace.root,
    folder: join(session.artifacts.root, 'slurm', `${name}-<time>`),
  };
  const id = (array: string): string => `<${array}>`;
  const lines = [...arrays, reportOf(arrays)].map((array) => {
    const after = array.after.map((one) => `${one.kind}:${id(one.array)}`);
    return `sbatch ${shellWords(sbatchArgs(array, { ...placing, after }, settings))}`;
  });
  const held = arrays.filter(({ after }) => after.length === 0).map(({ name: one }) => id(one));
  return [...lines, `scontrol release ${held.join(',')}`];
}

/** Throws `UserError` for what Slurm, or a submission, would not take. Gives warnings. Nothing is submitted. */
export function checkSettings(
  { arrays }: Order,
  settings: JobSettings,
  place: { folder: string; root: string },
): string[] {
  checkOptions(settings.options);
  const partition = optionValue(settings.options, '--partition', '-p');
  for (const one of partition?.split(',') ?? []) {
    assertKnown('partition', one, partitions(), 'it to the cluster', { field: '--partition' });
  }
  const largest = [...arrays].sort((a, b) => b.indices.length - a.indices.length)[0]!;
  const args = sbatchArgs(largest, { ...place, name: 'test', after: [] }, settings);
  // The script of this checkout: the folder of the submission is not there yet.
  const asked = args.map((one) => (one === join(place.folder, scriptName) ? script : one));
  slurm(
    'sbatch',
    ['--test-only', ...asked],
    'Change what stands after the dashes, or --partition. Nothing was submitted.',
  );
  const kinds = kindsOfNodes(partition);
  if (kinds === 1) return [];
  return [
    `Its nodes are of ${kinds} kinds, so that results may differ in their last bits, and a stage that goes on elsewhere ` +
      'too. -- --constraint=<feature> keeps to one of them.',
  ];
}

/**
 * Hands arrays to Slurm, held until all are there. Gives the submission and its folder. Throws `UserError` in Slurm's words
 * where it refuses one of them; then none of them remains.
 */
export async function submitOrder(
  session: Session,
  order: Order,
  settings: JobSettings,
): Promise<{ folder: string; submission: Submission }> {
  const { workspace, artifacts } = session;
  assertWritable(artifacts);
  const { name } = order;
  const now = new Date();
  const folder = await newSubmissionFolder(artifacts, name, now);
  await copyFile(script, join(folder, scriptName));
  const submitted: SubmittedArray[] = [];
  const asked = { words: [...order.words], flags: [...order.flags], options: [...settings.options] };
  const submission: Submission = { schema: 1, name, ...asked, submitted: now.toISOString(), arrays: submitted };
  try {
    for (const array of [...order.arrays, reportOf(order.arrays)]) {
      await writeElements(folder, array, order.words);
      const jobOf = (one: string): string => submitted.find((other) => other.name === one)!.job;
      const after = array.after.map((one) => `${one.kind}:${jobOf(one.array)}`);
      const args = sbatchArgs(array, { name, folder, root: workspace.root, after }, settings);
      const job = slurm('sbatch', args).trim().split(';')[0]!;
      const stages: readonly Pick<Stage, 'brief' | 'label' | 'workFolder'>[] =
        array.name === 'report' ? [{ label: `report of ${name}`, workFolder: folder }] : array.stages;
      const elements = stages.map(({ brief, label, workFolder }, i) => ({
        index: array.indices[i]!,
        label: brief ?? label,
        work: workFolder,
      }));
      submitted.push({ name: array.name, job, isArray: array.isArray, after: [...array.after], elements });
      await writeSubmission(folder, submission);
    }
    await writeWaiters(folder, submitted);
    slurm('scontrol', ['release', held(submitted).join(',')]);
  } catch (error) {
    if (submitted.length > 0)
      slurm(
        'scancel',
        submitted.map(({ job }) => job),
      );
    await rm(folder, { recursive: true, force: true });
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.message, { remedy: 'What had been submitted before was called off.', cause: error });
  }
  return { folder, submission };
}

function held(submitted: readonly SubmittedArray[]): string[] {
  return submitted.filter(({ after }) => after.length === 0).map(({ job }) => job);
}

function reportOf(arrays: readonly JobArray[]) {
  return { ...reportArray, after: arrays.map(({ name }) => ({ kind: 'afterany' as const, array: name })) };
}

/** A line for each number: the work folder and the command of that element; none where the array has no such element. */
async function writeElements(
  folder: string,
  array: Pick<JobArray, 'name' | 'indices' | 'stages'>,
  asked: readonly string[],
): Promise<void> {
  const line = (work: string, words: readonly string[]): string =>
    `${work}\t${shellWords([process.execPath, program, ...words])}`;
  const lines: string[] = [];
  array.stages.forEach(({ workFolder, command, kind }, i) => {
    lines[array.indices[i]!] = line(workFolder, kind === 'dataset' ? command : [...command, '--alone']);
  });
  if (array.stages.length === 0) lines[0] = line(folder, ['report', ...asked]);
  const text = Array.from(lines, (one) => `${one ?? ''}\n`).join('');
  await writeFile(join(folder, 'elements', `${array.name}.tsv`), text);
}

/** For each array those who wait for it, at whatever remove, which an element that fails cancels. The report waits for none. */
async function writeWaiters(folder: string, arrays: readonly SubmittedArray[]): Promise<void> {
  for (const { name } of arrays) {
    const waiters = waitersOf(name, arrays).map(({ job, how }) => `${job} ${how}\n`);
    await writeFile(join(folder, 'waiters', name), waiters.join(''));
  }
}

/** Who waits for an element of an array: `corr` the element of its number, `all` a whole array. */
export function waitersOf(
  name: string,
  arrays: readonly Pick<SubmittedArray, 'name' | 'job' | 'after'>[],
): { readonly job: string; readonly how: 'corr' | 'all' }[] {
  const found = new Map<string, 'corr' | 'all'>();
  const open: { array: string; how: 'corr' | 'all' }[] = [{ array: name, how: 'corr' }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { name: waiter, job, after } of arrays) {
      const kind = after.find((one) => one.array === next!.array)?.kind;
      if (kind === undefined || kind === 'afterany') continue;
      const how = kind === 'aftercorr' && next.how === 'corr' ? 'corr' : 'all';
      if (found.get(job) === 'all' || found.get(job) === how) continue;
      found.set(job, how);
      open.push({ array: waiter, how });
    }
  }
  return [...found].map(([job, how]) => ({ job, how }));
}

/** A submission in lines: its jobs, and where their logs are. */
export function describeSubmission(folder: string, { arrays }: Submission): string[] {
  const width = Math.max(...arrays.map(({ name }) => name.length));
  return [
    ...arrays.map(({ name, job, after, elements }) => {
      const waits = after.length === 0 ? 'at once' : `after ${after.map(({ array }) => array).join(', ')}`;
      return `  ${name.padEnd(width)}  job ${job}  ${elements.length === 1 ? '1 element ' : `${elements.length} elements`}  ${waits}`;
    }),
    `Logs: ${join(folder, 'log')} (submitted on ${hostname()})`,
  ];
}
