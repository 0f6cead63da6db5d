import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { formerMetrics, metricName, metricSchema, metricValues, type Metric } from '@selfsup/kit/metric';
import type { CodeKey } from '../keys/code-key/code-key.ts';
import type { Place } from '../keys/place.ts';
import { elsewhere, trustsRemotes } from '../remotes/elsewhere.ts';
import { isWhole, type BlobRef } from './store.ts';
import { damageIn } from './sums.ts';

/** Version of the published layout. Version 1 is read too; a newer one counts as not published. */
export const manifestSchema = 2;

/** All that a key is made of: what determines a result. Where it is computed is no part of it. */
export interface KeyParts {
  readonly uses: string;
  readonly seed: number;
  /** The stage's config section as written, overrides applied; for an ingestion, what identifies the source. */
  readonly config: unknown;
  /** Role to output digest of what fills it. */
  readonly needs: Readonly<Record<string, string>>;
  /** Versions of the engine, where the code reaches TensorFlow. */
  readonly engine?: Readonly<Record<string, string>> | undefined;
  readonly code: string;
  readonly dryRun?: true | undefined;
}

/** `manifest.json`: reproducible facts only. */
export interface Manifest {
  readonly schema: number;
  readonly key: string;
  readonly keyParts: KeyParts;
  /** Parts that the config chose, such as `models/nin`. */
  readonly parts: readonly string[];
  readonly code: CodeKey;
  /**
   * Where it was computed, in the order of time: several where it was interrupted and resumed elsewhere, none where
   * that has no influence. Never part of the key.
   */
  readonly places: readonly Place[];
  /** The config with its defaults filled in. */
  readonly resolvedConfig: unknown;
  /** Code key before `selfsup accept` blessed a change. */
  readonly acceptedFrom?: string | undefined;
  readonly blobs: Readonly<Record<string, BlobRef>>;
  /** Small files beside the manifest, name to sha256. */
  readonly files: Readonly<Record<string, string>>;
  /** Hash over blobs, files and metrics: what later stages depend on. */
  readonly outputDigest: string;
}

/** `run.json`: how this run went; never part of any key. */
export interface RunRecord {
  readonly started: string;
  readonly finished: string;
  readonly wallSeconds: number;
  readonly host: string;
  readonly cpu: string;
  readonly node: string;
  readonly peakMemoryBytes: number;
  /** How many processes shared its steps; undefined for one. */
  readonly processes?: number | undefined;
  /** Where this run computed; undefined where that has no influence. */
  readonly place?: Place | undefined;
  readonly facts?: Readonly<Record<string, string | number>> | undefined;
}

/** A manifest without the long list of its code. */
export type ManifestFacts = Omit<Manifest, 'code'>;

/** The manifest in a published folder; undefined where there is none that this version can read. */
export function readManifest(folder: string): Manifest | undefined {
  const manifest = readJsonOr<Manifest>(join(folder, 'manifest.json'));
  if (manifest?.schema === 1) return ofSchema1(manifest);
  return manifest?.schema === manifestSchema ? manifest : undefined;
}

/** The key that stands for these parts, and for what else a stage has in it. */
export function keyOf(parts: KeyParts, beside: Readonly<Record<string, unknown>> = {}): string {
  return sha256(canonicalJson({ ...parts, ...beside }));
}

/** As `readManifest`, several times as fast: for who reads thousands of them. */
export function readFacts(folder: string): ManifestFacts | undefined {
  const manifest = readJsonOr<ManifestFacts>(join(folder, 'manifest.json'), withoutCode);
  if (manifest?.schema === manifestSchema) return manifest;
  return readManifest(folder);
}

/** Leaves out what stands under `code` at the top of a manifest, as it is written: with two spaces for each level. */
function withoutCode(text: string): string {
  const from = text.indexOf('\n  "code": {\n');
  const to = text.indexOf('\n  },\n', from);
  return from < 0 || to < 0 ? text : text.slice(0, from) + text.slice(to + '\n  },'.length);
}

/** In version 1 the place was part of the engine and the engine's digest part of the key. */
function ofSchema1(old: Manifest & { readonly engineFacts?: Readonly<Record<string, string>> }): Manifest {
  const { engineFacts, ...manifest } = old;
  if (engineFacts === undefined) return { ...manifest, schema: manifestSchema, places: [] };
  const { tensorflow = 'unknown', tfjs = 'unknown', ...place } = engineFacts;
  const keyParts = { ...old.keyParts, engine: { tensorflow, tfjs } };
  return { ...manifest, schema: manifestSchema, key: keyOf(keyParts), keyParts, places: [place] };
}

const publishedMetrics = z.union([z.array(metricSchema), z.record(z.string(), z.number()).transform(formerMetrics)]);

/** Metrics of a published folder, those of earlier versions included; none where they cannot be read. */
export function readMetrics(folder: string): Metric[] {
  return publishedMetrics.safeParse(readJsonOr(join(folder, 'metrics.json'))).data ?? [];
}

/** What later stages depend on: a hash over blobs, files and metrics. */
export function outputDigestOf(
  { blobs, files }: Pick<Manifest, 'blobs' | 'files'>,
  metrics: readonly Metric[],
): string {
  return sha256(canonicalJson({ blobs, files, metrics: metricValues(metrics) }));
}

/** Whether the metrics beside a manifest are those of its output; of an earlier form that is not known, and true. */
export function isOfOutput(manifest: Manifest, folder: string): boolean {
  const content = readJsonOr<unknown>(join(folder, 'metrics.json'));
  if (!Array.isArray(content)) return content !== undefined;
  const metrics = readMetrics(folder);
  const isUnique = new Set(metrics.map(metricName)).size === metrics.length;
  return isUnique && outputDigestOf(manifest, metrics) === manifest.outputDigest;
}

/** How the run that published a folder went. */
export function readRun(folder: string): RunRecord | undefined {
  return readJsonOr<RunRecord>(join(folder, 'run.json'));
}

/** Whether a published folder is byte for byte what was published, and its blobs are in the store, or in a remote that is used. */
export async function isComplete(manifest: ManifestFacts, folder: string, store: string): Promise<boolean> {
  return (await damageOf(manifest, folder, store)) === undefined;
}

/** What is missing or was altered of a published result, and how; undefined where it is as `isComplete` asks. */
export async function damageOf(manifest: ManifestFacts, folder: string, store: string): Promise<string | undefined> {
  const damage = damageIn(folder);
  if (damage !== undefined) return damage;
  // Of what an earlier version published no digests stand beside it.
  const gone = ['metrics.json', ...Object.keys(manifest.files)].find((name) => !existsSync(join(folder, name)));
  if (gone !== undefined) return `${gone} is gone`;
  for (const [name, { sha256 }] of Object.entries(manifest.blobs)) {
    if (!(await isWhole(store, sha256)) && !(trustsRemotes() && elsewhere(store, sha256) !== undefined))
      return `the blob '${name}' is missing from the store or was altered (${sha256})`;
  }
  return undefined;
}

function readJsonOr<T>(file: string, shorten = (text: string): string => text): T | undefined {
  try {
    return JSON.parse(shorten(readFileSync(file, 'utf8'))) as T;
  } catch {
    return undefined;
  }
}
