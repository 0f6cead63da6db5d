import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { NetworkSource } from '@selfsup/explore/testing/internals';

interface Manifest {
  readonly blobs: Readonly<Record<string, { readonly sha256: string }>>;
}

interface Experiment {
  readonly stages: Readonly<
    Record<string, { readonly uses: string; readonly needs?: Readonly<Record<string, string>> }>
  >;
}

/** What an experiment has published under a folder of artifacts: networks with their probes, and the dataset to look at. */
export interface Published {
  readonly networks: readonly NetworkSource[];
  /** The folder of its images. */
  readonly lmdb: string;
}

/**
 * Finds it, whether or not the code has changed since: of each variant, settings that were given with `--set` aside, what is
 * newest. Undefined where there is no network.
 */
export function findPublished(artifacts: string, name: string, experiment: Experiment): Published | undefined {
  const blobOf = (manifest: string, blob: string): string | undefined => {
    const { sha256 } = (JSON.parse(readFileSync(manifest, 'utf8')) as Manifest).blobs[blob] ?? {};
    return sha256 && join(artifacts, 'store/sha256', sha256.slice(0, 2), sha256);
  };
  const networks = new Map<string, NetworkSource>();
  const manifests = readdirSync(join(artifacts, name), { recursive: true, encoding: 'utf8' })
    .filter((file) => /seed-\d+\/[^/]+\/manifest\.json$/.test(file))
    .map((file) => join(artifacts, name, file));
  for (const manifest of manifests.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)) {
    const stage = basename(dirname(manifest));
    const checkpoint = blobOf(manifest, 'checkpoint');
    if (checkpoint === undefined || !existsSync(checkpoint) || stage === 'generator') continue;
    const beside = dirname(dirname(manifest));
    const label = basename(dirname(beside)).replace(/-?set-.*$/, '') || experiment.stages[stage]!.uses.split('/')[1]!;
    const stages = readdirSync(beside).map((other) => join(beside, other, 'manifest.json'));
    const probes = stages.filter(existsSync).flatMap((other) => {
      const file = blobOf(other, 'probe');
      const metrics = JSON.parse(readFileSync(join(dirname(other), 'metrics.json'), 'utf8')) as never;
      return file === undefined ? [] : [{ file, metrics }];
    });
    networks.set(label, { label, checkpoint, probes });
  }
  const dataset = Object.values(experiment.stages)
    .flatMap(({ needs }) => Object.values(needs ?? {}))
    .find((need) => need.startsWith('data/'))!
    .slice('data/'.length);
  if (networks.size === 0) return undefined;
  return { networks: [...networks.values()], lmdb: blobOf(join(artifacts, dataset, 'ingest/manifest.json'), 'lmdb')! };
}
