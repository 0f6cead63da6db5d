import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deriveKey, integer, type RandomKey } from '@selfsup/kit/random';
import type { Attack, Outcome } from '../campaign.ts';
import * as checks from '../flips/checks.ts';
import type { Consumer, Means } from '../flips/consumer.ts';
import { consumersOf, judged, putRight } from '../flips/consumers.ts';
import { liveCheckpoints, places } from '../flips/places.ts';
import {
  exportedTargets,
  filesBelow,
  kinds,
  labelOf,
  remoteTargets,
  targetsOf,
  type Kind,
  type Target,
} from '../flips/targets.ts';
import { turn, type Kept } from '../flips/turn.ts';
import { publishedBelow } from '../judge.ts';
import { openWarm } from '../warm.ts';
import { copyOf, reference } from '../workspace.ts';

/** How often each kind is flipped in a case of checks. */
const checksOfKind = 32;

/** What a case did, with how often it struck each kind of file. */
interface Flips extends Outcome {
  readonly by: string;
  readonly kinds: Readonly<Partial<Record<Kind, number>>>;
}

/**
 * Four cases of ten: one byte in many files at once, of which `selfsup verify` has to name each. Four: one byte in one file
 * after the other, looked at by the very function by which the product's commands look at such a file before they use it,
 * called in this process. Two: one byte in one file, and a command that uses it: it has to name the file, and to refuse it,
 * or to end with the results of before. In half of the flips the file's times are put back.
 */
const attack: Attack = {
  title: 'one byte flipped, in checkpoints, features, LMDB, manifests, published and exported files, remotes',
  cases: 120,
  async open({ folder, key }) {
    const alone = await reference(dirname(folder));
    const live = copyOf(alone, join(folder, 'artifacts'));
    const found = await places(live, folder);
    const scratch = join(folder, 'scratch');
    const pushed = join(folder, 'pushed');
    const warm = openWarm(live, {});
    const sharing = openWarm(live, { SELFSUP_REMOTE: found.remote });
    const pushing = { warm: openWarm(live, { SELFSUP_REMOTE: pushed }), remote: pushed };
    // Every blob is looked at once, and what was pushed comes back where it was not altered.
    for (const end of [await warm.run(['verify']), await sharing.run(['pull', '--blobs'])])
      if (end.code !== 0) throw new Error(`of nothing altered it is said: ${end.output.slice(-600)}`);
    const { artifacts } = live;
    const means: Means = { alone, live, places: found, scratch, warm, sharing, pushing };
    const consumers = consumersOf(means);

    const sweep = async (drawn: RandomKey): Promise<Flips> => {
      const seen = new Set<string>();
      const results = publishedBelow(artifacts).flatMap((below, i) => {
        const chosen = sweptOf(targetsOf(artifacts, below), deriveKey(drawn, 'group', i));
        return chosen.filter(({ path, blob }) => !seen.has(blob?.digest ?? path) && seen.add(blob?.digest ?? path));
      });
      const flipped = [...results, ...exportedTargets(found.exported)].map((target, i) => {
        // What a disk has lost by itself is what verify is for.
        const kept: Kept = i % 2 === 0 ? 'nothing' : target.blob === undefined ? 'times' : 'look';
        return turn(target, deriveKey(drawn, i), kept);
      });
      const ends = [await warm.run(['verify']), await warm.run(['verify', found.exported])];
      for (const one of flipped) one.putBack();
      const said = ends.flatMap((end) => end.output.split('\n'));
      const lines = flipped
        .filter(({ target }) => !isNamed(target, said))
        .map(({ target, at }) => `byte ${at} of ${target.path} was not named`);
      for (const end of ends)
        if (end.code !== 1) lines.push(`verify ended with ${end.code}: ${end.output.slice(-500)}`);
      const about = `one byte in each of ${flipped.length} files, selfsup verify`;
      return outcome(
        'verify',
        flipped.map(({ target }) => target),
        { unnoticed: lines.length, wrong: 0, about, lines },
      );
    };

    const check = async (drawn: RandomKey): Promise<Flips> => {
      rmSync(scratch, { recursive: true, force: true });
      mkdirSync(scratch, { recursive: true });
      const all = [
        ...publishedBelow(artifacts).flatMap((below) => targetsOf(artifacts, below)),
        ...exportedTargets(found.exported),
        ...remoteTargets(found.remote),
      ];
      const steps = liveCheckpoints(found.resume);
      const newest = join(found.resume, steps.at(-1)!);
      all.push({ kind: 'resume checkpoints', path: newest, names: [newest] });
      const [before, last] = steps.slice(-2).map((name) => Number(/step-(\d+)/.exec(name)![1]));
      const lines: string[] = [];
      const struck: Target[] = [];
      for (const kind of kinds) {
        const files = all.filter((target) => target.kind === kind);
        for (let i = 0; i < checksOfKind; i++) {
          const own = deriveKey(drawn, kind, i);
          const target = files[integer(own, files.length, 1)]!;
          const { path } = target;
          // A checkpoint is looked at twice: as part of its result, and by who reads it.
          const isRead = path.endsWith('.safetensors') || (kind === 'checkpoints' && i % 2 === 1);
          const looks =
            kind === 'resume checkpoints'
              ? await checks.asResumed(dirname(newest), `step-${String(last).padStart(9, '0')}.safetensors`, before!)
              : isRead
                ? checks.asCheckpoint(path)
                : kind === 'exported files'
                  ? checks.asExported(found.exported, target)
                  : kind === 'remotes'
                    ? checks.asFetched(found.remote, target, scratch)
                    : checks.asResult(artifacts, target);
          const turned = turn(target, own, i % 4 < 2 ? 'nothing' : 'times');
          const said = await looks().finally(() => turned.putBack());
          struck.push(target);
          if (![...target.names, path].some((name) => said.includes(name)))
            lines.push(`byte ${turned.at} of ${path} was not named: ${said.slice(0, 200)}`);
        }
      }
      const about = `one byte in ${struck.length} files one after the other, the product's own checks`;
      return outcome('check', struck, { unnoticed: lines.length, wrong: 0, about, lines });
    };

    const consume = async (drawn: RandomKey): Promise<Flips> => {
      const lines: string[] = [];
      const struck: Target[] = [];
      let unnoticed = 0;
      const slow = consumers.filter(({ does }) => does === 'recompute');
      const chosen = [...consumers.filter((one) => !slow.includes(one)), slow[integer(drawn, slow.length, 0)]!];
      for (const [i, consumer] of chosen.flatMap((one) => Array<Consumer>(one.flips).fill(one)).entries()) {
        const own = deriveKey(drawn, i);
        rmSync(scratch, { recursive: true, force: true });
        mkdirSync(scratch, { recursive: true });
        const target = ofDrawnKind(consumer.targets(), own);
        consumer.ready?.(target, own);
        const turned = turn(target, own, integer(own, 2, 2) === 0 ? 'nothing' : 'times');
        const { code, output } = await consumer.run(target);
        const where = `${consumer.name}: byte ${turned.at} of ${target.path}`;
        if (!target.names.some((name) => output.includes(name))) {
          lines.push(`${where} was not named: ${output.slice(-500)}`);
          unnoticed += 1;
        }
        const isRefused = consumer.does === 'refuse' && code === 1;
        if (
          consumer.does === 'name' ? code !== 0 && code !== 1 : !isRefused && (consumer.does === 'refuse' || code !== 0)
        )
          lines.push(`${where} ended with ${code}: ${output.slice(-500)}`);
        const made = consumer.does === 'refuse' ? [...filesBelow(scratch), ...(consumer.made?.(target) ?? [])] : [];
        if (made.length > 0) lines.push(`${where}: something was made of it: ${made.join(', ')}`);
        if (!consumer.replaces) turned.putBack();
        const faults = judged(means, consumer, target);
        lines.push(...faults.map((fault) => `${where}: ${fault}`));
        consumer.after?.(target);
        if (faults.length > 0) putRight(means, consumer, target);
        struck.push(target);
      }
      const about = `one byte, and a command that uses it: ${chosen.map(({ name }) => name).join(', ')}`;
      return outcome('command', struck, { unnoticed, wrong: lines.length - unnoticed, about, lines });
    };

    return {
      strike: (which) =>
        [sweep, sweep, sweep, sweep, check, check, check, check, consume, consume][which % 10]!(deriveKey(key, which)),
      async close() {
        for (const one of [warm, sharing, pushing.warm]) await one.close();
      },
    };
  },
};
export default attack;

/** Whether a line names a file: of a result's own files, whose names others have too, with the result. */
function isNamed({ names, below, blob }: Target, said: readonly string[]): boolean {
  const result = below === undefined || blob !== undefined ? '' : `${labelOf(below)}: `;
  return said.some((line) => line.startsWith(result) && names.some((name) => line.includes(name)));
}

/** Files of a result of which one may be damaged beside the others without hiding that: the digests, the manifest, or all else. */
function sweptOf(targets: readonly Target[], key: RandomKey): Target[] {
  const isCalled = (name: string) => (target: Target) => target.path.endsWith(`/${name}`) && target.blob === undefined;
  const draw = integer(key, 6, 0);
  if (draw === 0) return targets.filter(isCalled('SHA256SUMS'));
  if (draw === 1) return targets.filter(isCalled('manifest.json'));
  const rest = targets.filter((one) => !isCalled('SHA256SUMS')(one) && !isCalled('manifest.json')(one));
  // One file of a blob: it is named once.
  const blobs = [...new Set(rest.flatMap(({ blob }) => blob?.digest ?? []))].map((digest, i) => {
    const inside = rest.filter(({ blob }) => blob?.digest === digest);
    return inside[integer(key, inside.length, 1 + i)]!;
  });
  return [...rest.filter(({ blob }) => blob === undefined), ...blobs];
}

/** One of these files, of a kind drawn first: figures are many, and checkpoints few. */
function ofDrawnKind(targets: readonly Target[], key: RandomKey): Target {
  const there = kinds.filter((kind) => targets.some((target) => target.kind === kind));
  const kind = there[integer(key, there.length, 3)]!;
  const files = targets.filter((target) => target.kind === kind);
  return files[integer(key, files.length, 1)]!;
}

function outcome(
  by: string,
  struck: readonly Target[],
  { lines, ...rest }: Pick<Outcome, 'unnoticed' | 'wrong' | 'about'> & { readonly lines: readonly string[] },
): Flips {
  const counts = Object.fromEntries(
    kinds
      .map((kind) => [kind, struck.filter((target) => target.kind === kind).length] as const)
      .filter(([, n]) => n > 0),
  );
  return { struck: struck.length, lost: 0, ...rest, by, kinds: counts, ...(lines.length > 0 ? { seen: lines } : {}) };
}
