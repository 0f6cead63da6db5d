import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { openSession } from '../run/session.ts';
import { shellWords } from '../slurm/sbatch.ts';
import { readQueue, slurm } from '../slurm/slurm.ts';
import { isUnderWay, statesOf } from '../slurm/states.ts';
import { findSubmission, readSubmissions, type Submitted } from '../slurm/submission.ts';

export default new Command('cancel')
  .description('Take a submission out of the queue; what runs saves first, and nothing that is done is lost')
  .argument('[submission]', 'its folder, or what was submitted; may be left out where only one is under way')
  .addHelpText('after', '\nExample:\n  selfsup cancel rotnet-small')
  .action((name: string | undefined) => {
    const { artifacts } = openSession();
    const all = readSubmissions(artifacts);
    const queue = all.length === 0 ? undefined : readQueue();
    const underWay = all.filter((one) => isUnderWay(statesOf(one, queue)));
    const submission =
      name === undefined ? onlyOne(underWay) : findSubmission(underWay.length > 0 ? underWay : all, name);
    const states = statesOf(submission, queue);
    if (!isUnderWay(states)) {
      console.log(`${basename(submission.folder)}: nothing of it runs or waits`);
      return;
    }
    // Before Slurm is told: elements that stop now do not go back into the queue.
    writeFileSync(join(submission.folder, 'cancelled'), `${new Date().toISOString()}\n`);
    slurm(
      'scancel',
      submission.arrays.map(({ job }) => job),
    );
    const ended = states.filter(({ state }) => state === 'runs' || state === 'waits').length;
    console.log(`${basename(submission.folder)}: ${ended} cancelled. To go on: selfsup submit ${again(submission)}`);
  });

/** The words by which it is submitted again. */
function again({ words, flags, options }: Submitted): string {
  return shellWords([...words, ...flags, ...(options.length === 0 ? [] : ['--', ...options])]);
}

function onlyOne(underWay: readonly Submitted[]): Submitted {
  if (underWay.length === 1) return underWay[0]!;
  throw new UserError(underWay.length === 0 ? 'Nothing that was submitted is under way' : 'Several are under way', {
    field: 'submission',
    remedy:
      underWay.length === 0
        ? 'selfsup jobs --all shows what was submitted.'
        : `Name one: ${underWay.map(({ folder }) => basename(folder)).join(', ')}.`,
  });
}
