import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Metric } from '@selfsup/kit/metric';
import {
  manifestSchema,
  readManifest,
  readMetrics,
  readRun,
  type Manifest,
  type RunRecord,
} from '../store/manifest.ts';
import { damageIn } from '../store/sums.ts';

/** What a folder of results holds, as far as it can be read. */
export interface PublishedFolder {
  /** Undefined where there is none that can be read; then `faults` say why. */
  readonly manifest: Manifest | undefined;
  readonly metrics: readonly Metric[];
  readonly run: RunRecord | undefined;
  /** What cannot be read, and why; each begins with the name of the file. */
  readonly faults: readonly string[];
}

const texts = z.record(z.string(), z.string());
/** What lists and comparisons of results rely on; there is more. */
const manifestShape = z.looseObject({
  key: z.string(),
  keyParts: z.looseObject({ uses: z.string(), needs: texts, engine: texts.optional() }),
  code: z.looseObject({ key: z.string() }),
  places: z.array(texts),
  outputDigest: z.string(),
});
const runShape = z.looseObject({
  finished: z.iso.datetime(),
  wallSeconds: z.number(),
  host: z.string(),
  cpu: z.string(),
});

/** Reads a published folder without trusting it: it may come from another machine, another version, or be torn. */
export function readPublished(folder: string): PublishedFolder {
  const faults: string[] = [];
  const damage = attempt(() => damageIn(folder));
  if (damage !== undefined) return { manifest: undefined, metrics: [], run: undefined, faults: [damage] };
  const manifest = attempt(() => readManifest(folder));
  const manifestFault = manifest === undefined ? manifestReason(folder) : shapeFault(manifestShape, manifest);
  if (manifestFault !== undefined) {
    return { manifest: undefined, metrics: [], run: undefined, faults: [`manifest.json ${manifestFault}`] };
  }
  const metrics = readMetrics(folder);
  if (metrics.length === 0) {
    const content = jsonIn(join(folder, 'metrics.json'));
    // An empty list is no fault: a stage need not measure.
    const isEmpty = 'value' in content && ['[]', '{}'].includes(JSON.stringify(content.value));
    if (!isEmpty) faults.push(`metrics.json ${'fault' in content ? content.fault : 'is no list of metrics'}`);
  }
  const run = readRun(folder);
  const runFault = run === undefined ? faultOf(join(folder, 'run.json')) : shapeFault(runShape, run);
  if (runFault !== undefined) faults.push(`run.json ${runFault}`);
  return { manifest, metrics, run: runFault === undefined ? run : undefined, faults };
}

function manifestReason(folder: string): string {
  const content = jsonIn(join(folder, 'manifest.json'));
  if ('fault' in content) return content.fault;
  const schema = (content.value as { schema?: unknown } | null)?.schema;
  if (typeof schema === 'number' && schema > manifestSchema) {
    return `is of schema ${schema}, of a newer Selfsup; this one knows ${manifestSchema}`;
  }
  return 'is no manifest';
}

function shapeFault(shape: z.ZodType, value: unknown): string | undefined {
  const issue = shape.safeParse(value).error?.issues[0];
  return issue && `is not as it should be: ${issue.path.join('.') || 'the whole'}: ${issue.message}`;
}

function faultOf(file: string): string | undefined {
  const content = jsonIn(file);
  return 'fault' in content ? content.fault : 'is empty';
}

function jsonIn(file: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(readFileSync(file, 'utf8')) as unknown };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { fault: code === 'ENOENT' ? 'is missing' : `cannot be read: ${message}` };
  }
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
