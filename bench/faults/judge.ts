import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { contentsOf, digestOf } from './contents.ts';

/** What a published folder says that the same inputs reproduce. */
interface Published {
  readonly key: string;
  readonly outputDigest: string;
  readonly blobs: Readonly<Record<string, { readonly sha256: string }>>;
  readonly files: Readonly<Record<string, string>>;
}

/** Published folders below the artifacts, sorted. */
export function publishedBelow(artifacts: string): string[] {
  const found: string[] = [];
  const visit = (below: string): void => {
    if (existsSync(join(artifacts, below, 'manifest.json'))) return void found.push(below);
    for (const entry of readdirSync(join(artifacts, below), { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      if (below === '' && ['work', 'store', 'compare'].includes(entry.name)) continue;
      visit(join(below, entry.name));
    }
  };
  if (existsSync(artifacts)) visit('');
  return found.sort();
}

/**
 * What is wrong with a published folder, looked at with nothing of Selfsup's own: digests of the files beside it and of
 * the blobs in the store. A blob that is a folder, as of a dataset, has to be there; `compare` looks into it.
 * One that lies in a remote, of which there is a note, is there too: a pull brings it after its result.
 */
export function faultsIn(artifacts: string, below: string): string[] {
  const folder = join(artifacts, below);
  if (!existsSync(join(folder, 'SHA256SUMS'))) return [`${below}: it has no SHA256SUMS`];
  const faults: string[] = [];
  for (const [name, digest] of sumsIn(folder)) {
    const file = join(folder, name);
    if (!existsSync(file)) faults.push(`${below}: ${name} is missing`);
    else if (digestOf(file) !== digest) faults.push(`${below}: ${name} is not what was published`);
  }
  for (const { sha256 } of Object.values(publishedIn(folder).blobs)) {
    const path = blobAt(artifacts, sha256);
    if (!existsSync(path)) {
      if (!existsSync(noteAt(artifacts, sha256))) faults.push(`${below}: the blob ${sha256} is missing`);
    } else if (statSync(path).isFile() && digestOf(path) !== sha256)
      faults.push(`${below}: the blob ${sha256} is another`);
  }
  return faults;
}

/**
 * How results differ from those of a run left alone: those that are gone, and those that are others. `underway` has blobs of
 * which there is a note come later, as of a pull. Throws where one of the run left alone cannot be read.
 */
export function compare(
  expected: string,
  found: string,
  units: readonly string[] = publishedBelow(expected),
  { underway = false } = {},
): { lost: string[]; wrong: string[] } {
  const lost: string[] = [];
  const wrong: string[] = [];
  for (const below of units) {
    if (!existsSync(join(found, below, 'manifest.json'))) {
      lost.push(`${below} is not there`);
      continue;
    }
    wrong.push(
      ...faultsIn(found, below),
      ...differencesIn(expected, found, below),
      ...otherBlobs(expected, found, below, underway),
    );
  }
  return { lost, wrong };
}

/** How the small files of a result, and what it says of its blobs, differ from those of a run left alone. */
export function differencesIn(expected: string, found: string, below: string): string[] {
  const [a, b] = [expected, found].map((root) => join(root, below)) as [string, string];
  const [summary, other] = [summaryOf(a), summaryOf(b)];
  if (summary !== other) return [`${below} has other results: ${other} for ${summary}`];
  const files = new Map(sumsIn(b));
  return sumsIn(a)
    .filter(([name, digest]) => isReproduced(name) && files.get(name) !== digest)
    .map(([name]) => `${below}: ${name} is not that of a run left alone`);
}

function otherBlobs(expected: string, found: string, below: string, underway: boolean): string[] {
  return Object.entries(publishedIn(join(expected, below)).blobs).flatMap(([name, { sha256 }]) => {
    const contents = contentsOf(blobAt(expected, sha256));
    if (contents === undefined) throw new Error(`the blob ${sha256} of the run left alone cannot be read`);
    if (underway && !existsSync(blobAt(found, sha256)) && existsSync(noteAt(found, sha256))) return [];
    const isSame = contentsOf(blobAt(found, sha256)) === contents;
    return isSame ? [] : [`${below}: the blob ${name} (${sha256}) has other contents`];
  });
}

/** Times and places differ from run to run, and TensorFlow's own files have times in them. */
const isReproduced = (name: string): boolean =>
  !['run.json', 'manifest.json'].includes(name) && !name.startsWith('events/');

function publishedIn(folder: string): Published {
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Published;
}

/** Names and digests of the files of a result, as they were published. */
function sumsIn(folder: string): [name: string, digest: string][] {
  const file = join(folder, 'SHA256SUMS');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.map((line) => [line.slice(66), line.slice(0, 64)]);
}

const noteAt = (artifacts: string, sha256: string): string =>
  join(artifacts, 'store/elsewhere', sha256.slice(0, 2), `${sha256}.json`);
const blobAt = (artifacts: string, sha256: string): string =>
  join(artifacts, 'store/sha256', sha256.slice(0, 2), sha256);

function summaryOf(folder: string): string {
  const { key, outputDigest, blobs, files } = publishedIn(folder);
  const digests = Object.entries(blobs).map(([name, { sha256 }]) => `${name} ${sha256}`);
  const summary = JSON.stringify([key, outputDigest, digests.sort(), Object.entries(files).sort()]);
  return `${createHash('sha256').update(summary).digest('hex').slice(0, 16)} (output ${outputDigest.slice(0, 12)})`;
}

/**
 * Looks at published folders again and again, as a reader does who knows nothing of who writes: whatever has a manifest must
 * be whole. `also` looks at something else: what is wrong there, or undefined while it is absent. Gives what was seen that
 * ought not to be, once it is stopped.
 */
export function startReader(
  artifacts: string,
  units: readonly string[],
  also?: () => string[] | undefined,
): { stop(): Promise<string[]>; looks(): number } {
  const seen = new Set<string>();
  let stopped = false;
  let looks = 0;
  const lookBeside = (): void => {
    const faults = also?.();
    if (faults !== undefined) looks += 1;
    for (const fault of faults ?? []) seen.add(`a reader saw: ${fault}`);
  };
  const look = (below: string): void => {
    const place = join(artifacts, below);
    let before: number;
    try {
      before = statSync(place).ino;
      if (!existsSync(join(place, 'manifest.json'))) {
        if (statSync(place).ino === before) seen.add(`${below} was seen without a manifest`);
        return;
      }
      looks += 1;
      const faults = faultsIn(artifacts, below);
      // It was replaced while we looked: what we saw is of two.
      if (statSync(place).ino === before) for (const fault of faults) seen.add(`a reader saw: ${fault}`);
    } catch (error) {
      const isGone = !existsSync(place) || statSync(place).ino !== before!;
      if (!isGone) seen.add(`${below} could not be read: ${(error as Error).message}`);
    }
  };
  const done = (async () => {
    while (!stopped) {
      for (const below of units) look(below);
      lookBeside();
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  })();
  return {
    looks: () => looks,
    async stop() {
      stopped = true;
      await done;
      return [...seen];
    },
  };
}
