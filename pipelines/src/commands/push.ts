import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { assertKnown } from '../declare/workspace.ts';
import { chosenRemote } from '../remotes/chosen-remote.ts';
import { inTurn } from '../remotes/in-turn.ts';
import { pathsIn } from '../remotes/listing.ts';
import { publishedResults, type PublishedResult } from '../remotes/published-results.ts';
import { namePath, pushResult } from '../remotes/push.ts';
import { Unreachable } from '../remotes/retry.ts';
import { openSession } from '../run/session.ts';
import { readManifest } from '../store/manifest.ts';

export default new Command('push')
  .description('Bring results that are published here to a remote; what is there is not sent again')
  .argument('[names...]', 'experiments and data/<dataset>; all results by default')
  .option('--to <remote>', 'the remote, by its name in selfsup.json; by default the first that can be written')
  .addHelpText('after', '\nExamples:\n  selfsup push\n  selfsup push quickstart data/shapes --to team')
  .action(async (names: string[], { to }: { to?: string }) => {
    const session = openSession();
    const destination = chosenRemote(session.remotes, to, ({ push }) => push !== 'never', 'be pushed to');
    const results = await publishedResults(session.artifacts, names);
    const all = names.length === 0 ? [] : await publishedResults(session.artifacts);
    const known = [...new Set(all.map(({ label }) => (label.startsWith('data/') ? label : label.split('/')[0]!)))];
    for (const name of names) assertKnown('result', name, known, 'it by running it');
    const there = await pathsIn(destination.remote, ['names/', 'blobs/'], session.signal);
    const counts = { pushed: 0, there: 0 };
    const failures: UserError[] = [];
    const phase = session.progress('push').phase('push', results.length, 'results');
    const pushOne = async (result: PublishedResult): Promise<void> => {
      const manifest = readManifest(result.folder);
      // One that was cut off before its name was written is looked at once more.
      const isThere = manifest !== undefined && there?.has(namePath(result.label, manifest)) === true;
      try {
        counts[isThere ? 'there' : await pushResult(session, destination, result, there)] += 1;
      } catch (error) {
        if (!(error instanceof UserError) || error instanceof Unreachable) throw error;
        failures.push(error);
      }
      phase.advance(1);
    };
    // Small ones wait for the disk or the line, large ones fill them, and memory.
    await inTurn(results.filter(isSmall), smallAtOnce, pushOne);
    await inTurn(
      results.filter((one) => !isSmall(one)),
      1,
      pushOne,
    );
    phase.done();
    console.log(`${destination.remote.name}: ${counts.pushed} pushed, ${counts.there} there already`);
    for (const failure of failures.slice(0, mostTold)) console.error(`error: ${failure.describe()}`);
    if (failures.length > mostTold) console.error(`and ${failures.length - mostTold} more of ${results.length}`);
    if (failures.length > 0) process.exitCode = 1;
  });

const mostTold = 20;
const smallAtOnce = 16;
const smallBytes = 1e6;

/** Whether its blobs are known to be small; what a dataset weighs is not in its manifest. */
function isSmall({ folder }: PublishedResult): boolean {
  const blobs = Object.values(readManifest(folder)?.blobs ?? {});
  return blobs.every(({ bytes }) => bytes !== undefined && bytes < smallBytes);
}
