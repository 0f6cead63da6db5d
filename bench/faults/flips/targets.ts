import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Unit } from '../workspace.ts';

/** What bytes are turned in. `features` are all blobs of stages that are no checkpoint; `figures` all published small files. */
export const kinds = [
  'checkpoints',
  'features',
  'LMDB',
  'manifests',
  'figures',
  'exported files',
  'resume checkpoints',
  'remotes',
] as const;
export type Kind = (typeof kinds)[number];

/** A file in which a byte can be turned. */
export interface Target {
  readonly kind: Kind;
  readonly path: string;
  /** Of these texts one has to be said when that is noticed. */
  readonly names: readonly string[];
  /** The published folder that it is of, or whose blob it is of, below the artifacts. */
  readonly below?: string;
  readonly blob?: { readonly store: string; readonly digest: string; readonly path: string };
}

/** What the product calls the result of a folder below the artifacts. */
export const labelOf = (below: string): string => (below.endsWith('/ingest') ? `data/${dirname(below)}` : below);

const manifests = ['SHA256SUMS', 'dataset-manifest.json', 'dataset.json', 'manifest.json', 'metrics.json', 'run.json'];

/** Which stage, or dataset, publishes in a folder below the artifacts. */
export function unitOf(below: string): Unit {
  const parts = below.split('/');
  return parts.length === 2 ? { experiment: 'data', stage: parts[0]! } : { experiment: parts[0]!, stage: parts[3]! };
}

/** Files of a published folder, and those of its blobs, in which there is a byte. */
export function targetsOf(artifacts: string, below: string): Target[] {
  const folder = join(artifacts, below);
  const files = filesBelow(folder).map((path): Target => {
    const name = relative(folder, path);
    const kind = manifests.includes(name) ? 'manifests' : 'figures';
    // A line of digests says nothing of whether itself or its file was altered.
    const names = name === 'SHA256SUMS' ? ['was altered', 'is gone'] : [`${name} was altered`];
    return { kind, path, names, below };
  });
  const { blobs } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    blobs: Record<string, { sha256: string }>;
  };
  const store = join(artifacts, 'store');
  const content = Object.entries(blobs).flatMap(([name, { sha256: digest }]) => {
    const path = join(store, 'sha256', digest.slice(0, 2), digest);
    const inside = statSync(path).isFile() ? [path] : filesBelow(path).filter((one) => !one.endsWith('lock.mdb'));
    return inside.map((one): Target => ({
      kind: one.endsWith('data.mdb')
        ? 'LMDB'
        : one.endsWith('dataset-manifest.json')
          ? 'manifests'
          : name === 'checkpoint'
            ? 'checkpoints'
            : 'features',
      path: one,
      names: [digest],
      below,
      blob: { store, digest, path },
    }));
  });
  return [...files, ...content];
}

/** Files that `selfsup export` has written below a folder, but for their digests. */
export function exportedTargets(folder: string): Target[] {
  return filesBelow(folder)
    .filter((path) => !path.endsWith('SHA256SUMS'))
    .map((path) => ({ kind: 'exported files', path, names: [`${relative(folder, path)} was altered`, path] }));
}

/** Records and content of a remote that is a folder; names of results are empty files. */
export function remoteTargets(remote: string): Target[] {
  return ['results', 'blobs']
    .flatMap((name) => filesBelow(join(remote, name)))
    .map((path) => ({ kind: 'remotes', path, names: [relative(remote, path)] }));
}

/** Files at or below a folder in which there is a byte, sorted; none where there is no such folder. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return names.filter((path) => statSync(path).isFile() && statSync(path).size > 0).sort();
}
