import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deriveKey, integer, uniform } from '@selfsup/kit/random';
import type { Attack, Outcome } from '../campaign.ts';
import { compare, startReader } from '../judge.ts';
import { goOnWhen, stopInPublishing, watchLooks } from '../pairs/held-publishing.ts';
import { kinds, type Pair } from '../pairs/kinds.ts';
import { holdWork, layJunk, layYoung, untilOld } from '../pairs/old-things.ts';
import { layOldContent, resultsIn } from '../pairs/remote.ts';
import { faultsInRemote, pushOnce } from '../remote.ts';
import { copyOf, ended, foldersOf, reference, type Ended, type Unit, type Workspace } from '../workspace.ts';

/** Two that were both there for less than this many seconds did not meet: so long a command takes to load. */
const leastTogether = 1.2;

/**
 * Two commands at once on one store; every other pair in two PID namespaces, as two hosts or containers are, which cannot see
 * whether the other's process is there. Beside a gc, what publishes is stopped in the middle of that, until gc has begun its
 * first or its second look, or has ended.
 */
const attack: Attack = {
  title: 'two stages, runs, ingestions, gcs, pushes or pulls at once on one store, half of them in two PID namespaces',
  cases: 55,
  async open({ folder, key }) {
    const alone = await reference(dirname(folder));
    const artifacts = join(folder, 'artifacts');
    const live = copyOf(alone, artifacts);
    const whole = join(dirname(folder), 'remote-of-reference');
    await pushOnce(alone, ['replay-evaluations'], whole);
    const remote = join(folder, 'remote');
    const stock = join(folder, 'stock');
    let held = await holdWork(artifacts);

    const strike = async (which: number): Promise<Outcome> => {
      const drawn = deriveKey(key, which);
      const round = Math.floor(which / kinds.length);
      const pair = kinds[which % kinds.length]!(round % 3);
      // There is an odd number of kinds, so that each has its turn in both.
      const apart = which % 2 === 1;
      const published = pair.units.map((unit) => foldersOf(unit).published);
      const leaving = integer(drawn, 2, 4) === 0;
      await forget(live, pair, leaving);
      const env = pair.remote === undefined ? {} : { SELFSUP_REMOTE: pair.remote === 'pull' ? whole : remote };
      if (pair.remote === 'push') rmSync(remote, { recursive: true, force: true });
      const junk: string[] = [];
      if (pair.gc === 'store') junk.push(...(await layJunk(stock, artifacts)));
      if (pair.gc === 'remote') junk.push(...layOldContent(whole, remote));
      // A pull puts results in place before their blobs: it remembers which remote has them.
      const reader = startReader(artifacts, pair.remote === 'pull' ? [] : published);
      const start = (i: 0 | 1): Started => timed(live.start('selfsup', pair.commands[i], env, apart));

      const first = start(0);
      let young: ReturnType<typeof layYoung>;
      let second: Started;
      let how = '';
      let met: boolean;
      if (pair.gc === 'store' && pair.units.length > 0) {
        const at = integer(drawn, 3, 1);
        const work = join(artifacts, foldersOf(pair.units[0]!).work);
        met = await stopInPublishing(first.child, { work, after: uniform(drawn, 2) * 20, isOver: first.isOver });
        young = layYoung(artifacts);
        const watching = watchLooks(artifacts);
        second = start(1);
        const isTime = (): boolean => second.isOver() || (at < 2 && watching.looks() > at);
        if (met) await goOnWhen(first.child, isTime, 200 + uniform(drawn, 3) * 1000);
        watching.close();
        how = `, stopped in publishing until ${['its first look', 'its second look', 'its end'][at]!}${leaving ? ', its blobs of before still there' : ''}`;
      } else {
        // What computes nothing takes a second where nothing else is at work.
        const isShort = pair.remote !== undefined || pair.units.length === 0;
        await sleep(uniform(drawn, 2) * (isShort ? 300 : 1000));
        young = layYoung(artifacts);
        second = start(1);
        await Promise.all([first.end, second.end]);
        met = Math.min(first.over(), second.over()) - second.began > leastTogether * 1000;
      }
      const both = await Promise.all([first.end, second.end]);

      const seen = both.flatMap(({ code, output }, i) =>
        code === 0 ? [] : [`${pair.commands[i]!.join(' ')} ended with ${code}: ${output.slice(-600)}`],
      );
      seen.push(...doneTwice(pair, both, remote));
      if (!young.take()) seen.push('gc removed a blob that was young');
      if (!existsSync(held.file)) {
        seen.push('gc removed work whose lease is held');
        await held.lease.release().catch(() => undefined);
        held = await holdWork(artifacts);
      }
      const left = junk.filter((path) => existsSync(path));
      if (left.length > 0) seen.push(`gc left ${left.length} of ${junk.length} that nobody needs, such as ${left[0]}`);
      if (pair.remote === 'push') seen.push(...faultsInRemote(remote));
      seen.push(...(await reader.stop()));
      const judged = compare(alone.artifacts, artifacts, pair.gc === 'store' ? undefined : published);
      if (pair.remote === 'push' && resultsIn(remote) < resultsIn(whole))
        judged.lost.push(`the remote has ${resultsIn(remote)} of ${resultsIn(whole)} results`);
      seen.push(...judged.lost, ...judged.wrong);
      const waited = both.some(({ output }) => output.includes('is at this already')) ? ', one waited' : '';
      const removed = both.flatMap(({ output }) => /^Removed \d+/m.exec(output)?.[0].toLowerCase() ?? []);
      const about = `${[`${pair.name}${how}`, ...removed].join(', ')}${waited}${met ? '' : ' (did not meet)'}${apart ? ', each in its PID namespace' : ''}: ${pair.commands.map((words) => words.join(' ')).join(' | ')}`;
      const lost = judged.lost.length;
      const wrong = seen.length - lost;
      return { struck: met ? 1 : 0, lost, wrong, unnoticed: 0, about, ...(seen.length > 0 ? { seen } : {}) };
    };
    return { strike, close: () => held.lease.release() };
  },
};
export default attack;

interface Started {
  readonly child: ReturnType<Workspace['start']>;
  readonly began: number;
  readonly end: Promise<Ended>;
  isOver(): boolean;
  /** When it ended, Infinity before. */
  over(): number;
}

function timed(child: Started['child']): Started {
  let over = Infinity;
  const end = ended(child).then((one) => {
    over = performance.now();
    return one;
  });
  return { child, began: performance.now(), end, isOver: () => over < Infinity, over: () => over };
}

/** Removes what a pair is to make, its blobs too; beside a gc `leaving` them for it to think of, until they are old. */
async function forget({ artifacts }: Workspace, { units, gc }: Pair, leaving: boolean): Promise<void> {
  const blobs = units.flatMap((unit) => blobsOf(artifacts, unit));
  for (const unit of units) {
    const { published, work } = foldersOf(unit);
    for (const path of [published, work, 'work/.arriving', 'store/keys', 'store/elsewhere'])
      rmSync(join(artifacts, path), { recursive: true, force: true });
  }
  if (gc === 'store' && leaving) await untilOld(blobs);
  else for (const path of blobs) rmSync(path, { recursive: true, force: true });
}

function blobsOf(artifacts: string, unit: Unit): string[] {
  const file = join(artifacts, foldersOf(unit).published, 'manifest.json');
  if (!existsSync(file)) return [];
  const { blobs } = JSON.parse(readFileSync(file, 'utf8')) as { blobs: Record<string, { sha256: string }> };
  return Object.values(blobs).map(({ sha256 }) => join(artifacts, 'store/sha256', sha256.slice(0, 2), sha256));
}

/** What both of a pair did. Who computes a stage says "done in", the other finds it done; a push says how many it pushed. */
function doneTwice({ commands, remote }: Pair, both: readonly Ended[], folder: string): string[] {
  const done = both.flatMap(({ output }) => [...output.matchAll(/^.*?([\w/-]+)(?: seed \d+)?: done in .*$/gm)]);
  const twice = done.filter(([, label], i) => done.findIndex(([, other]) => other === label) < i);
  const pushed = both.map(({ output }) => Number(/(\d+) pushed/.exec(output)?.[1] ?? 0)).reduce((a, b) => a + b, 0);
  return [
    ...twice.map(([line]) => `computed twice: ${line}`),
    ...(remote === 'push' && pushed > resultsIn(folder) ? [`${pushed} pushed by ${commands.join(' and ')}`] : []),
  ];
}
