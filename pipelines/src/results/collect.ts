import { relative } from 'node:path';
import type { Metric } from '@selfsup/kit/metric';
import type { Run } from '@selfsup/report/overview-input';
import type { RunRecord } from '../store/manifest.ts';
import { publishedResults } from '../store/published-results.ts';
import { readPublished } from './read-published.ts';

/** What one stage published. Its manifest is not kept: a thousand of them are large. */
export interface ResultStage {
  readonly stage: string;
  readonly folder: string;
  readonly uses: string;
  readonly key: string;
  readonly codeKey: string;
  readonly outputDigest: string;
  /** With its defaults filled in. */
  readonly config: unknown;
  /** Digest of what filled each role. */
  readonly needs: Readonly<Record<string, string>>;
  /** Datasets that it read, itself or through stages before it; none where these are no longer here. */
  readonly data: readonly string[];
  readonly metrics: readonly Metric[];
  readonly run: Pick<RunRecord, 'finished' | 'wallSeconds' | 'host'> | undefined;
}

/** All that is published of one variant and seed of an experiment. */
export interface Result extends Run {
  /** `<experiment>/<variant>/seed-<n>`: its folder below the artifacts root. */
  readonly name: string;
  /** In the order in which they ended. */
  readonly stages: readonly ResultStage[];
}

/** Every published result, and what could not be read. */
export interface Results {
  /** By experiment, variant and seed. */
  readonly results: readonly Result[];
  /** Path below the root and reason, a line each. */
  readonly damaged: readonly string[];
  /** Name of each ingested dataset by the digest under which stages know it. */
  readonly datasets: ReadonlyMap<string, string>;
}

/**
 * Finds every published result below an artifacts root, whether or not its experiment is still declared. What cannot be read
 * is named in `damaged` and left out. Links are followed.
 */
export function collectResults(root: string): Results {
  const damaged: string[] = [];
  const datasets = new Map<string, string>();
  const found = new Map<string, Found[]>();
  const all = publishedResults({ root }, (path, { message }) => {
    damaged.push(`${relative(root, path) || root}: ${message}`);
  });
  for (const { label, folder } of all) {
    const [, name, stage] = /^([^/]+\/[^/]+\/seed-\d+)\/([^/]+)$/.exec(label) ?? [];
    const dataset = /^data\/([^/]+)$/.exec(label)?.[1];
    if (name === undefined && dataset === undefined) continue;
    const published = readPublished(folder);
    const { manifest } = published;
    if (manifest === undefined || dataset === undefined) {
      damaged.push(...published.faults.map((fault) => `${relative(root, folder)}/${fault}`));
    } else datasets.set(manifest.outputDigest, dataset);
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), ...stageOf(stage!, folder, published)]);
  }
  const results = [...found].flatMap(([name, stages]) => {
    const [experiment, variant, seed] = name.split('/') as [string, string, string];
    const id = { experiment, variant, seed: Number(seed.slice('seed-'.length)), name };
    return stages.length > 0 ? [resultOf(id, stages, datasets)] : [];
  });
  return { results, damaged, datasets };
}

interface Found extends Omit<ResultStage, 'data' | 'run'> {
  readonly run: RunRecord | undefined;
  readonly processors: readonly string[];
}

function stageOf(stage: string, folder: string, { manifest, metrics, run }: ReturnType<typeof readPublished>): Found[] {
  if (manifest === undefined) return [];
  const { key, keyParts, code, outputDigest, resolvedConfig, places } = manifest;
  const named = places.flatMap(({ cpu, gpu }) => gpu ?? cpu ?? []);
  return [
    {
      ...{ stage, folder, key, outputDigest, metrics, run },
      ...{ uses: keyParts.uses, needs: keyParts.needs, codeKey: code.key, config: resolvedConfig },
      processors: named.length > 0 || run === undefined ? named : [run.cpu],
    },
  ];
}

function resultOf(
  id: Pick<Result, 'experiment' | 'variant' | 'seed' | 'name'>,
  found: readonly Found[],
  datasets: ReadonlyMap<string, string>,
): Result {
  const ended = ({ run }: Found): string => run?.finished ?? '';
  const ordered = [...found].sort((a, b) => ended(a).localeCompare(ended(b)));
  const runs = ordered.flatMap(({ run }) => run ?? []);
  const dataOf = ({ needs }: Pick<Found, 'needs'>, seen: ReadonlySet<unknown>): string[] => {
    const digests = Object.values(needs);
    const named = digests.flatMap((digest) => datasets.get(digest) ?? []);
    if (named.length > 0) return named;
    // Different stages can give the same bits, so that digests lead in a circle.
    const before = ordered.filter((one) => digests.includes(one.outputDigest) && !seen.has(one));
    return before.flatMap((one) => dataOf(one, new Set([...seen, one])));
  };
  const stages = ordered.map((one) => {
    const { processors: _, run, ...stage } = one;
    return {
      ...stage,
      data: [...new Set(dataOf(one, new Set([one])))].sort(),
      run: run && { finished: run.finished, wallSeconds: run.wallSeconds, host: run.host },
    };
  });
  return {
    ...id,
    stages,
    metrics: stages.flatMap(({ stage, data, metrics }) => metrics.map((metric) => ({ ...metric, stage, data }))),
    finished: runs.at(-1)?.finished,
    seconds: runs.length === ordered.length ? runs.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0) : undefined,
    hosts: [...new Set(runs.map(({ host }) => host))],
    processors: [...new Set(ordered.flatMap(({ processors }) => processors))],
  };
}
