import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { metricValues, type Metric } from '@selfsup/kit/metric';
import { placeHere } from './place.ts';

/** What one stage left: digests by name, and its numbers. */
export interface StageRecord {
  /** `blob <name>` and `file <name>` to sha256. */
  readonly digests: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What a replay gave. */
export interface ReplayRecord {
  /** What bits hold for: see `placeHere`. */
  readonly place: string;
  /** By experiment and stage; reports by `<experiment>/report`. */
  readonly stages: Readonly<Record<string, StageRecord>>;
}

interface Manifest {
  readonly blobs: Readonly<Record<string, { readonly sha256: string }>>;
  readonly files: Readonly<Record<string, string>>;
}

/** Reads what the stages of `experiments` published below `artifacts`, and their reports. */
export function readRecord(artifacts: string, experiments: readonly string[]): ReplayRecord {
  const stages: Record<string, StageRecord> = {};
  for (const experiment of experiments) {
    for (const folder of publishedFolders(join(artifacts, experiment))) {
      const manifest = readJson<Manifest>(join(folder, 'manifest.json'));
      const digests = [
        ...Object.entries(manifest.blobs).map(([name, { sha256 }]) => [`blob ${name}`, sha256] as const),
        ...Object.entries(manifest.files).map(([name, sha256]) => [`file ${name}`, sha256] as const),
      ];
      stages[relative(artifacts, folder)] = {
        digests: Object.fromEntries(digests),
        metrics: numbersIn(readJson(join(folder, 'metrics.json'))),
      };
    }
    const page = join(artifacts, experiment, 'report/index.html');
    if (existsSync(page)) {
      const digests = { 'file index.html': createHash('sha256').update(readFileSync(page)).digest('hex') };
      stages[join(experiment, 'report')] = { digests, metrics: {} };
    }
  }
  return { place: placeHere(), stages };
}

/** Folders below `folder` that hold a manifest, sorted. */
export function publishedFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('manifest.json'))
    .map((path) => join(folder, path, '..'))
    .sort();
}

/** Numbers by name, as metrics are published now, or as they were before they had more than a name and a value. */
function numbersIn(metrics: readonly Metric[] | Readonly<Record<string, number>>): Record<string, number> {
  return Array.isArray(metrics) ? metricValues(metrics as readonly Metric[]) : (metrics as Record<string, number>);
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
