import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deriveKey, integer, type RandomKey } from '@selfsup/kit/random';
import type { Attack, Outcome } from '../campaign.ts';
import { compare, publishedBelow } from '../judge.ts';
import { commandOf, copyOf, reference, type Unit } from '../workspace.ts';

/** A file with one bit of one byte turned, and how it is named when that is noticed. */
interface Flipped {
  readonly path: string;
  readonly at: number;
  readonly names: string;
  readonly before: Buffer;
}

/**
 * Nine cases of ten: one byte in many files at once, of which `selfsup verify` has to name each. The tenth: one byte in one
 * file, and the stage whose file it is is asked for: it has to name it and end with the results of before.
 */
const attack: Attack = {
  title: 'one byte flipped, in checkpoints, features, LMDB, manifests, metrics and other published files',
  cases: 110,
  async open({ folder, key }) {
    const alone = await reference(dirname(folder));
    const live = copyOf(alone, join(folder, 'artifacts'));
    await live.run('selfsup', ['verify']); // every blob is looked at once
    const all = publishedBelow(live.artifacts);

    const strikeMany = async (drawn: RandomKey): Promise<Outcome> => {
      const seen = new Set<string>();
      const flipped = all.flatMap((below, i) => {
        const group = groupsIn(live.artifacts, below);
        const chosen = group[integer(drawn, group.length, i)]!;
        return chosen
          .filter(({ path }) => !seen.has(path) && seen.add(path))
          .map((file, j) => flip(file, deriveKey(drawn, i, j)));
      });
      const { code, output } = await live.run('selfsup', ['verify']);
      const missed = flipped.filter(({ names }) => !output.includes(names));
      for (const { path, before } of flipped) put(path, before);
      const lines = missed.map(({ path, at }) => `byte ${at} of ${path} was not named`);
      if (code !== 1) lines.push(`verify ended with ${code}: ${output.slice(-500)}`);
      const about = `one byte in each of ${flipped.length} files, selfsup verify`;
      return outcome(flipped.length, 0, missed.length + (code === 1 ? 0 : 1), about, lines);
    };

    const strikeOne = async (drawn: RandomKey): Promise<Outcome> => {
      const below = all[integer(drawn, all.length, 0)]!;
      const files = groupsIn(live.artifacts, below).flat();
      const file = flip(files[integer(drawn, files.length, 1)]!, drawn);
      const unit = unitOf(below);
      const { code, output } = await live.run('selfsup', commandOf(unit));
      const lines: string[] = [];
      if (!output.includes('damaged'))
        lines.push(`byte ${file.at} of ${file.path} was not named: ${output.slice(-500)}`);
      const unnoticed = lines.length;
      if (code !== 0) lines.push(`ended with ${code}: ${output.slice(-500)}`);
      const { lost, wrong } = compare(alone.artifacts, live.artifacts, [below]);
      lines.push(...lost, ...wrong);
      const about = `byte ${file.at} of ${file.path.slice(live.artifacts.length)}, selfsup ${commandOf(unit).join(' ')}`;
      return outcome(1, lines.length - unnoticed, unnoticed, about, lines);
    };
    return { strike: (which) => (which % 10 === 9 ? strikeOne : strikeMany)(deriveKey(key, which)) };
  },
};
export default attack;

function outcome(struck: number, wrong: number, unnoticed: number, about: string, seen: string[]): Outcome {
  return { struck, lost: 0, wrong, unnoticed, about, ...(seen.length > 0 ? { seen } : {}) };
}

function unitOf(below: string): Unit {
  const parts = below.split('/');
  return parts.length === 2 ? { experiment: 'data', stage: parts[0]! } : { experiment: parts[0]!, stage: parts[3]! };
}

/** Files of which one may be damaged beside the others without hiding that: the digests, the manifest, all else with the blobs. */
function groupsIn(artifacts: string, below: string): { path: string; names: string }[][] {
  const unit = unitOf(below);
  const label = unit.experiment === 'data' ? `data/${unit.stage}` : below;
  const folder = join(artifacts, below);
  const files = filesBelow(folder).map((path) => {
    const name = path.slice(folder.length + 1);
    return { path, name, names: `${label}: ${name} was altered` };
  });
  const { blobs } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    blobs: Record<string, { sha256: string }>;
  };
  const content = Object.values(blobs).flatMap(({ sha256 }) => {
    const path = join(artifacts, 'store/sha256', sha256.slice(0, 2), sha256);
    const inside = statSync(path).isFile() ? [path] : filesBelow(path).filter((name) => !name.endsWith('lock.mdb'));
    // One at a time: a blob is named once.
    return inside.slice(0, 1).map((file) => ({ path: file, name: '', names: sha256 }));
  });
  const sums = files.filter(({ name }) => name === 'SHA256SUMS').map((file) => ({ ...file, names: `${label}: ` }));
  const manifest = files.filter(({ name }) => name === 'manifest.json');
  const rest = files.filter(({ name }) => name !== 'SHA256SUMS' && name !== 'manifest.json');
  // Most of what there is stands in the third.
  return [sums, manifest, [...rest, ...content], [...rest, ...content], [...rest, ...content], [...rest, ...content]];
}

function filesBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return names.filter((path) => statSync(path).isFile() && statSync(path).size > 0).sort();
}

function flip({ path, names }: { path: string; names: string }, key: RandomKey): Flipped {
  const before = readFileSync(path);
  const at = integer(key, before.length, 7);
  const altered = Buffer.from(before);
  altered[at]! ^= 1 << integer(key, 8, 8);
  put(path, altered);
  return { path, at, names, before };
}

function put(path: string, content: Buffer): void {
  const { mode } = statSync(path);
  chmodSync(path, 0o644);
  writeFileSync(path, content);
  chmodSync(path, mode);
}
