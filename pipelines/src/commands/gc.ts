import { relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { assertWritable } from '../store/artifacts.ts';
import { findGarbage, type Garbage } from '../gc/garbage.ts';
import { duration } from '../run/labelled-progress.ts';
import { numberOption } from '../options.ts';
import { openSession } from '../run/session.ts';
import { shownSize } from '../store/shown-size.ts';

interface Options {
  minAge?: number;
  dryRun: boolean;
  yes: boolean;
}

export default new Command('gc')
  .description('Remove blobs that no published manifest names, and old unfinished work; asks before it does')
  .option(
    '--min-age <minutes>',
    'spare what is younger (default: 60, and a week for unfinished work)',
    numberOption({ atLeast: 0 }),
  )
  .option('--dry-run', 'only say what would go', false)
  .option('--yes', 'remove it without asking', false)
  .addHelpText(
    'after',
    '\nWithout a terminal to ask on and without --yes, what would go is shown, nothing is removed, and the exit code is 1.' +
      '\nLinked folders are followed. Nothing is removed while a manifest is torn, of a newer version or out of reach.\n' +
      '\nExamples:\n  selfsup gc --dry-run\n  selfsup gc --yes --min-age 600',
  )
  .action(async ({ minAge, dryRun, yes }: Options) => {
    const { artifacts } = openSession();
    assertWritable(artifacts);
    const ages = { blobs: (minAge ?? 60) * minute, unfinishedWork: (minAge ?? 7 * 24 * 60) * minute };
    const look = (): Promise<Garbage[]> => findGarbage(artifacts, ages);
    const shown = await look();
    if (shown.length > 0) console.log(listed(shown));
    if (dryRun) return console.log(`Would remove ${summary(shown)}`);
    if (shown.length > 0 && !yes) await confirm(shown);
    // Named anew: a stage may have published while the question stood.
    const still = new Map((await look()).map((item) => [item.path, item]));
    const removed = shown.filter(({ path }) => still.has(path));
    for (const item of removed) await item.remove();
    console.log(`Removed ${summary(removed)}`);
  });

const minute = 60_000;

const mostLines = 40;

function listed(items: readonly Garbage[]): string {
  const bySize = [...items].sort((a, b) => b.bytes - a.bytes);
  const lines = bySize.slice(0, mostLines).map(({ what, path, bytes, ageMilliseconds }) => {
    const age = duration(ageMilliseconds / 1000);
    return `${relative(process.cwd(), path)}: ${shownSize(bytes)}, unchanged for ${age}, a ${what}`;
  });
  const more = bySize.slice(mostLines);
  return [...lines, ...(more.length > 0 ? [`and ${summary(more)}`] : [])].join('\n');
}

function summary(items: readonly Garbage[]): string {
  return `${items.length} blobs and folders, ${shownSize(items.reduce((sum, { bytes }) => sum + bytes, 0))}`;
}

/** Throws `UserError` unless a person says yes. */
async function confirm(items: readonly Garbage[]): Promise<void> {
  const remedy = 'Give --yes to remove it, or --dry-run to be shown it only.';
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UserError(`Nothing was removed of ${summary(items)}: there is nobody to ask`, { remedy });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Remove ${summary(items)}? [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('Nothing was removed.', { remedy });
}
