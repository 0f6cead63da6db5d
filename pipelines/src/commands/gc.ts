import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { dataSize, duration } from '@selfsup/kit/units';
import { findGarbage, type Garbage } from '../gc/garbage.ts';
import { numberOption } from '../options.ts';
import { chosenRemote } from '../remotes/chosen-remote.ts';
import { findRemoteGarbage, removeRemoteGarbage } from '../remotes/sweep-remote.ts';
import { openSession, type Session } from '../run/session.ts';
import { assertWritable } from '../store/artifacts.ts';
import { shownPath } from '../store/shown-path.ts';

interface Options {
  minAge?: number | undefined;
  dryRun: boolean;
  yes: boolean;
  remote?: string;
  resultsOlderThan?: number | undefined;
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
  .option(
    '--remote <name>',
    'of a remote: content that no result names (spared by default: what is younger than a day)',
  )
  .option(
    '--results-older-than <days>',
    'with --remote: results that were pushed so long ago too',
    numberOption({ atLeast: 0 }),
  )
  .addHelpText(
    'after',
    '\nWithout a terminal to ask on and without --yes, what would go is shown, nothing is removed, and the exit code is 1.' +
      '\nLinked folders are followed. Nothing is removed while a manifest is torn, of a newer version or out of reach.\n' +
      '\nExamples:\n  selfsup gc --dry-run\n  selfsup gc --yes --min-age 600\n  selfsup gc --remote team --results-older-than 90',
  )
  .action(async ({ minAge, dryRun, yes, remote, resultsOlderThan }: Options) => {
    const session = openSession();
    if (remote !== undefined) return sweepRemote(session, remote, { minAge, dryRun, yes, resultsOlderThan });
    if (resultsOlderThan !== undefined) {
      throw new UserError('Results go by age from a remote only', {
        field: '--results-older-than',
        remedy: 'Name it by --remote; here a result goes with its folder.',
      });
    }
    const { artifacts } = session;
    assertWritable(artifacts);
    const ages = { blobs: (minAge ?? 60) * minute, unfinishedWork: (minAge ?? 7 * 24 * 60) * minute };
    const look = (): Promise<Garbage[]> => findGarbage(artifacts, ages);
    const shown = await look();
    if (shown.length > 0) console.log(listed(shown.map((one) => ({ ...one, path: shownPath(one.path) }))));
    if (dryRun) return console.log(`Would remove ${summary(shown)}`);
    if (shown.length > 0 && !yes) await confirm(shown);
    // Named anew: a stage may have published while the question stood.
    const still = new Set((await look()).map(({ path }) => path));
    const removed: Garbage[] = [];
    for (const item of shown) if (still.has(item.path) && (await item.remove())) removed.push(item);
    console.log(`Removed ${summary(removed)}`);
  });

const minute = 60_000;

async function sweepRemote(session: Session, name: string, options: Omit<Options, 'remote'>): Promise<void> {
  const { minAge = 24 * 60, resultsOlderThan, dryRun, yes } = options;
  const { remote } = chosenRemote(session.remotes, name, ({ push }) => push !== 'never', 'be tidied up');
  const days = resultsOlderThan === undefined ? undefined : resultsOlderThan * 24 * 60 * minute;
  const ages = { content: minAge * minute, results: days };
  const trying = { signal: session.signal };
  const shown = await findRemoteGarbage(remote, ages, trying);
  if (shown.length > 0) console.log(listed(shown.map((one) => ({ ...one, path: `${remote.url}/${one.path}` }))));
  if (dryRun) return console.log(`Would remove ${summary(shown, 'objects')}`);
  if (shown.length > 0 && !yes) await confirm(shown, 'objects');
  // Looked at anew: somebody may have pushed what names it while the question stood.
  const still = new Set((await findRemoteGarbage(remote, ages, trying)).map(({ path }) => path));
  const meant = shown.filter(({ path }) => still.has(path));
  const removed = await removeRemoteGarbage(remote, meant, ages, trying);
  console.log(`Removed ${summary(removed, 'objects')}`);
}

type Listed = Omit<Garbage, 'remove'>;

const mostLines = 40;

function listed(items: readonly Listed[]): string {
  const bySize = [...items].sort((a, b) => b.bytes - a.bytes);
  const lines = bySize.slice(0, mostLines).map(({ what, path, bytes, ageMilliseconds }) => {
    const age = duration(ageMilliseconds / 1000);
    return `${path}: ${dataSize(bytes)}, unchanged for ${age}, a ${what}`;
  });
  const more = bySize.slice(mostLines);
  return [...lines, ...(more.length > 0 ? [`and ${summary(more, 'more')}`] : [])].join('\n');
}

function summary(items: readonly Listed[], what = 'blobs and folders'): string {
  return `${items.length} ${what}, ${dataSize(items.reduce((sum, { bytes }) => sum + bytes, 0))}`;
}

/** Throws `UserError` unless a person says yes. */
async function confirm(items: readonly Listed[], what?: string): Promise<void> {
  const remedy = 'Give --yes to remove it, or --dry-run to be shown it only.';
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UserError(`Nothing was removed of ${summary(items, what)}: there is nobody to ask`, { remedy });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Remove ${summary(items, what)}? [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UserError('Nothing was removed.', { remedy });
}
