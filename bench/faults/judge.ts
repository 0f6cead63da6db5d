import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

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

export function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/**
 * What is wrong with a published folder, looked at with nothing of Selfsup's own: digests of the files beside it and of
 * the blobs in the store. Of a dataset the blob is a folder, which is left to `selfsup inspect --verify`.
 */
export function faultsIn(artifacts: string, below: string): string[] {
  const folder = join(artifacts, below);
  const faults: string[] = [];
  const text = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
  for (const line of text.trim().split('\n')) {
    const file = join(folder, line.slice(66));
    if (!existsSync(file)) faults.push(`${below}: ${line.slice(66)} is missing`);
    else if (digestOf(file) !== line.slice(0, 64)) faults.push(`${below}: ${line.slice(66)} is not what was published`);
  }
  const { blobs } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Published;
  for (const { sha256 } of Object.values(blobs)) {
    const path = join(artifacts, 'store/sha256', sha256.slice(0, 2), sha256);
    if (!existsSync(path)) faults.push(`${below}: the blob ${sha256} is missing`);
    else if (statSync(path).isFile() && digestOf(path) !== sha256)
      faults.push(`${below}: the blob ${sha256} is another`);
  }
  return faults;
}

/** How results differ from those of a run left alone: those that are gone, and those that are others. */
export function compare(
  expected: string,
  found: string,
  units = publishedBelow(expected),
): { lost: string[]; wrong: string[] } {
  const lost: string[] = [];
  const wrong: string[] = [];
  for (const below of units) {
    if (!existsSync(join(found, below, 'manifest.json'))) {
      lost.push(`${below} is not there`);
      continue;
    }
    wrong.push(...faultsIn(found, below));
    const [a, b] = [expected, found].map((root) => outcomeIn(join(root, below)));
    if (a !== b) wrong.push(`${below} has other results: ${b} for ${a}`);
  }
  return { lost, wrong };
}

function outcomeIn(folder: string): string {
  const { key, outputDigest, blobs, files } = JSON.parse(
    readFileSync(join(folder, 'manifest.json'), 'utf8'),
  ) as Published;
  const digests = Object.entries(blobs).map(([name, { sha256 }]) => `${name} ${sha256}`);
  const summary = JSON.stringify([key, outputDigest, digests.sort(), Object.entries(files).sort()]);
  return `${createHash('sha256').update(summary).digest('hex').slice(0, 16)} (output ${outputDigest.slice(0, 12)})`;
}

/**
 * Looks at published folders again and again, as a reader does who knows nothing of who writes: whatever has a manifest must
 * be whole. Gives what it saw that was not, once it is stopped.
 */
export function startReader(
  artifacts: string,
  units: readonly string[],
): { stop(): Promise<string[]>; looks(): number } {
  const seen = new Set<string>();
  let stopped = false;
  let looks = 0;
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
