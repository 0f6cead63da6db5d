import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { assertKnown } from '../declare/workspace.ts';
import { chosenRemote } from '../remotes/chosen-remote.ts';
import { listed } from '../remotes/listing.ts';
import { namePath, pushResult, type Known } from '../remotes/push.ts';
import { contentPath, recordPath } from '../remotes/record.ts';
import { timeOf, type Remote } from '../remotes/remote.ts';
import { Unreachable } from '../remotes/retry.ts';
import { severalAtOnce } from '../remotes/several-at-once.ts';
import { openSession } from '../run/session.ts';
import { readFacts } from '../store/manifest.ts';
import { publishedResults, type PublishedResult } from '../store/published-results.ts';

export default new Command('push')
  .description('Bring results that are published here to a remote; what is there is not sent again')
  .argument('[names...]', 'experiments and data/<dataset>; all results by default')
  .option('--to <remote>', 'the remote, by its name in selfsup.json; by default the first that can be written')
  .addHelpText('after', '\nExamples:\n  selfsup push\n  selfsup push quickstart data/shapes --to team')
  .action(async (names: string[], { to }: { to?: string }) => {
    const session = openSession();
    const destination = chosenRemote(session.remotes, to, ({ push }) => push !== 'never', 'be pushed to');
    const all = publishedResults(session.artifacts);
    const isMeant = (label: string): boolean => names.some((name) => label === name || label.startsWith(`${name}/`));
    const results = names.length === 0 ? all : all.filter(({ label }) => isMeant(label));
    const published = [...new Set(all.map(({ label }) => (label.startsWith('data/') ? label : label.split('/')[0]!)))];
    for (const name of names) assertKnown('result', name, published, 'it by running it');
    const { has, keeps } = await listingOf(destination.remote, session.signal);
    const counts = { pushed: 0, there: 0 };
    const failures: UserError[] = [];
    const phase = session.progress('push').phase('push', results.length, 'results');
    const pushOne = async (result: PublishedResult): Promise<void> => {
      try {
        counts[isThere(result, has) ? 'there' : await pushResult(session, destination, result, keeps)] += 1;
      } catch (error) {
        if (!(error instanceof UserError) || error instanceof Unreachable) throw error;
        failures.push(error);
      }
      phase.advance(1);
    };
    // Small ones wait for the disk or the line, large ones fill them, and memory.
    await severalAtOnce(results.filter(isSmall), smallAtOnce, pushOne);
    await severalAtOnce(
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

interface Listing {
  readonly has: Known;
  /** Has it for sure: old content that no result names so far may be about to be tidied away. */
  readonly keeps: Known;
}

/** What a remote lists; of one that cannot list nothing is known. */
async function listingOf(remote: Remote, signal: AbortSignal): Promise<Listing> {
  const found = await Promise.all(['names/', 'results/', 'blobs/'].map((folder) => listed(remote, folder, { signal })));
  const now = await timeOf(remote);
  const ages = new Map(found.flatMap((one) => one ?? []).map(({ path, modified }) => [path, now - +modified]));
  return { has: (path) => ages.has(path), keeps: (path) => (ages.get(path) ?? Infinity) < 12 * 3_600_000 };
}

/** Whether a remote has a result with its name, record, files and blobs. A blob that is a folder is not told so. */
function isThere({ label, folder }: PublishedResult, has: Known): boolean {
  const manifest = readFacts(folder);
  if (manifest === undefined || !has(namePath(label, manifest)) || !has(recordPath(manifest.key))) return false;
  const content = [...Object.values(manifest.files), ...Object.values(manifest.blobs).map(({ sha256 }) => sha256)];
  return content.every((digest) => has(contentPath(digest)));
}

/** Whether its blobs are known to be small; what a dataset weighs is not in its manifest. */
function isSmall({ folder }: PublishedResult): boolean {
  const blobs = Object.values(readFacts(folder)?.blobs ?? {});
  return blobs.every(({ bytes }) => bytes !== undefined && bytes < smallBytes);
}
