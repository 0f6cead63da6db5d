import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import { parseOrExplain, readJson } from '@selfsup/kit/parse';
import { assertKnown } from '../declare/workspace.ts';
import type { Artifacts } from '../store/artifacts.ts';

const elementSchema = z.strictObject({
  index: z.int(),
  /** In a few words, for people. */
  label: z.string(),
  /** Where it keeps what survives an interruption. */
  work: z.string(),
});

const arraySchema = z.strictObject({
  name: z.string(),
  /** Number that Slurm has given it. */
  job: z.string(),
  isArray: z.boolean(),
  after: z.array(z.strictObject({ kind: z.enum(['aftercorr', 'afterok', 'afterany']), array: z.string() })),
  elements: z.array(elementSchema),
});

const submissionSchema = z.strictObject({
  schema: z.literal(1),
  /** What was submitted: an experiment, a comparison or a sweep. */
  name: z.string(),
  /** The words by which it was asked for, and is gone on with. */
  words: z.array(z.string()),
  /** Options of the command that were given: cores, how many at once. */
  flags: z.array(z.string()).default([]),
  /** Options of sbatch that were given. */
  options: z.array(z.string()).default([]),
  submitted: z.string(),
  arrays: z.array(arraySchema),
});

/** What was handed to Slurm: `submission.json` in a folder of its own, beside logs and what elements say of themselves. */
export type Submission = z.output<typeof submissionSchema>;
export type SubmittedArray = z.output<typeof arraySchema>;
export type SubmittedElement = z.output<typeof elementSchema>;

/** A submission and where it lies. */
export interface Submitted extends Submission {
  readonly folder: string;
}

/** Makes the folder of a new submission and gives its path. */
export async function newSubmissionFolder({ root }: Artifacts, name: string, now: Date): Promise<string> {
  const time = now.toISOString().replace(/[-:]|\..*$/g, '').replace('T', '-'); // prettier-ignore
  await mkdir(join(root, 'slurm'), { recursive: true });
  for (let i = 1; ; i++) {
    const folder = join(root, 'slurm', `${name}-${time}${i === 1 ? '' : `-${i}`}`);
    try {
      await mkdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    for (const part of ['elements', 'log', 'state', 'waiters']) await mkdir(join(folder, part));
    return folder;
  }
}

/** Writes down what Slurm has been given so far. */
export async function writeSubmission(folder: string, submission: Submission): Promise<void> {
  await writeAtomically(join(folder, 'submission.json'), `${JSON.stringify(submission, null, 2)}\n`);
}

/** All submissions, the newest first. Throws `UserError` for one that cannot be read. */
export function readSubmissions({ root }: Artifacts): Submitted[] {
  const parent = join(root, 'slurm');
  const names = existsSync(parent) ? readdirSync(parent) : [];
  return names
    .map((name) => join(parent, name))
    .filter((folder) => existsSync(join(folder, 'submission.json')))
    .map((folder) => {
      const file = join(folder, 'submission.json');
      return { ...parseOrExplain(submissionSchema, readJson(file), file), folder };
    })
    .sort((a, b) => (a.submitted < b.submitted ? 1 : -1));
}

/** The submission whose folder, whose sweep or whose experiment is called so: of several the newest. Throws `UserError`. */
export function findSubmission(all: readonly Submitted[], name: string): Submitted {
  const nameOf = ({ folder }: Submitted): string => folder.slice(folder.lastIndexOf('/') + 1);
  const found =
    all.find((one) => nameOf(one) === name || one.name === name) ?? all.find(({ words }) => words[0] === name);
  if (found !== undefined) return found;
  if (all.length === 0) {
    throw new UserError('Nothing has been submitted from here', { remedy: 'selfsup submit <experiment> does it.' });
  }
  assertKnown('submission', name, all.map(nameOf), 'it by selfsup submit');
  throw new Error('unreachable');
}

/** Whether a submission was called off. */
export function isCancelled({ folder }: Submitted): boolean {
  return existsSync(join(folder, 'cancelled'));
}
