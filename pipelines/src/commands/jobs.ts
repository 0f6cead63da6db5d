import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { runningHere } from '../run/running-here.ts';
import { openSession } from '../run/session.ts';
import { describeHere, describeStates, screenOf } from '../slurm/describe-states.ts';
import { readQueue } from '../slurm/slurm.ts';
import { isUnderWay, statesOf, type Queue } from '../slurm/states.ts';
import { findSubmission, readSubmissions } from '../slurm/submission.ts';

interface Options {
  watch: boolean;
  all: boolean;
}

const nothing =
  'Nothing has been submitted from here, and nothing runs: selfsup submit <experiment> does the one, run the other.';

/** Clears a terminal, of which the text before is replaced. */
const clear = '\x1b[2J\x1b[H';
const time = (): string => new Date().toTimeString().slice(0, 8);

/** Between two looks at the queue. */
const watchMilliseconds = 10_000;

export default new Command('jobs')
  .description(
    'Show what was submitted: what runs, with rate and time left, what waits and why, what failed; and what runs here',
  )
  .argument('[submission]', 'its folder, or what was submitted; by default all that is under way, else the last')
  .option('--watch', 'look again every ten seconds until all has ended', false)
  .option('--all', 'all that were ever submitted', false)
  .addHelpText(
    'after',
    '\nIt asks squeue once; the rest stands in artifacts/slurm/<submission>, with a log for each element.\n' +
      '\nExamples:\n  selfsup jobs\n  selfsup jobs rotnet-small --watch',
  )
  .action(async (name: string | undefined, { watch, all }: Options) => {
    const { artifacts, signal } = openSession();
    const submissions = readSubmissions(artifacts);
    const chosen = name === undefined ? submissions : [findSubmission(submissions, name)];
    let shown = '';
    for (;;) {
      const queue = chosen.length === 0 ? undefined : askQueue();
      const seen = chosen.map((submission) => ({ submission, states: statesOf(submission, queue) }));
      const underWay = seen.filter(({ states }) => isUnderWay(states));
      const which = all || name !== undefined ? seen : underWay.length > 0 ? underWay : seen.slice(0, 1);
      const works = new Set(
        chosen.flatMap(({ arrays }) => arrays.flatMap((one) => one.elements.map(({ work }) => work))),
      );
      const here = name === undefined ? (await runningHere(artifacts)).filter((one) => !works.has(one.workFolder)) : [];
      const parts = [...which.map((one) => describeStates(one.submission, one.states)), describeHere(here)];
      const text = parts.flatMap((lines) => (lines.length === 0 ? [] : [lines.join('\n')])).join('\n\n') || nothing;
      const isOver = !watch || (underWay.length === 0 && here.length === 0);
      if (isOver || !process.stdout.isTTY) {
        if (text !== shown || isOver) console.log(watch ? `${time()}\n${text}\n` : text);
      } else {
        const last = `${time()}. Looks again every ten seconds; Ctrl-C ends that, not what runs.`;
        process.stdout.write(`${clear}${screenOf(text, last, process.stdout)}`);
      }
      shown = text;
      if (isOver) return;
      await sleep(watchMilliseconds, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  });

function askQueue(): Queue {
  try {
    return readQueue();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`Warning: ${error.message}. What follows is from the folders alone.`);
    return undefined;
  }
}
