import { metricName, type Metric } from '@selfsup/kit/metric';
import { changedPaths } from '../keys/changed-paths.ts';
import { placeFacts } from '../keys/place.ts';
import { codeDifferences } from '../keys/why-code.ts';
import { readManifest } from '../store/manifest.ts';
import type { Result, ResultStage } from './collect.ts';

/** In what one stage of two results differs; empty lists where it does not. */
export interface StageDifference {
  readonly stage: string;
  /** Which of the two has this stage at all. */
  readonly only?: 'a' | 'b';
  /** Both gave the same bits. */
  readonly sameOutput: boolean;
  /** `path: before -> after`, of the config with its defaults filled in, of the part and the seed. */
  readonly config: readonly string[];
  readonly code: readonly string[];
  /** Datasets and results that it read. */
  readonly data: readonly string[];
  /** Versions of the engine, and where it was computed. */
  readonly place: readonly string[];
  readonly metrics: readonly MetricDifference[];
}

export interface MetricDifference {
  readonly metric: string;
  readonly unit: Metric['unit'];
  readonly a: number | undefined;
  readonly b: number | undefined;
}

/** One side of a comparison: a result, or one stage of it. */
export interface Side {
  readonly result: Result;
  readonly stage: string | undefined;
}

/**
 * Compares two results stage by stage, in the order in which the first one's ended. Where both sides name a stage, these two
 * are compared, whatever they are called.
 */
export function diffResults(a: Side, b: Side): StageDifference[] {
  if (a.stage !== undefined && b.stage !== undefined) {
    const [one, other] = [find(a, a.stage), find(b, b.stage)];
    return [compare(a.stage === b.stage ? a.stage : `${a.stage} / ${b.stage}`, a, one, b, other)];
  }
  const asked = a.stage ?? b.stage;
  const names = [...a.result.stages, ...b.result.stages].map(({ stage }) => stage);
  return [...new Set(names)]
    .filter((name) => asked === undefined || name === asked)
    .map((name) => compare(name, a, find(a, name), b, find(b, name)));
}

function find({ result }: Side, name: string): ResultStage | undefined {
  return result.stages.find(({ stage }) => stage === name);
}

function compare(
  name: string,
  sideA: Side,
  a: ResultStage | undefined,
  sideB: Side,
  b: ResultStage | undefined,
): StageDifference {
  const metrics = metricDifferences(a?.metrics ?? [], b?.metrics ?? []);
  if (a === undefined || b === undefined) {
    const only = a === undefined ? 'b' : 'a';
    return { stage: name, only, sameOutput: false, config: [], code: [], data: [], place: [], metrics };
  }
  // Lists do not keep manifests; these two may have gone since.
  const [before, now] = [readManifest(a.folder), readManifest(b.folder)];
  const settings = (side: Side, { uses, config }: ResultStage): unknown => ({
    ...{ uses, seed: side.result.seed },
    ...(config as object | null),
  });
  const facts = (manifest: typeof before): unknown => ({
    ...manifest?.keyParts.engine,
    ...Object.fromEntries(placeFacts(manifest?.places ?? []).map(([fact, values]) => [fact, values.join(' / ')])),
  });
  const code =
    a.codeKey === b.codeKey || !before || !now
      ? []
      : codeDifferences(before.code, now.code).map((line) => line.replace(/^code: /, ''));
  return {
    stage: name,
    sameOutput: a.outputDigest === b.outputDigest,
    config: changedPaths(settings(sideA, a), settings(sideB, b)),
    code: a.codeKey === b.codeKey ? [] : [`${a.codeKey.slice(0, 8)} -> ${b.codeKey.slice(0, 8)}`, ...code],
    data: dataDifferences(a, b),
    place: changedPaths(facts(before), facts(now)),
    metrics,
  };
}

function dataDifferences(a: ResultStage, b: ResultStage): string[] {
  const lines: string[] = [];
  const [before, now] = [a.data.join(', ') || 'unknown', b.data.join(', ') || 'unknown'];
  if (before !== now) lines.push(`${before} -> ${now}`);
  for (const role of new Set([...Object.keys(a.needs), ...Object.keys(b.needs)])) {
    const [old, fresh] = [a.needs[role], b.needs[role]];
    if (old !== fresh) lines.push(`${role}: ${old?.slice(0, 8) ?? 'none'} -> ${fresh?.slice(0, 8) ?? 'none'}`);
  }
  return lines;
}

/** All metrics of both, in the order of the first; those that are alike too. */
function metricDifferences(a: readonly Metric[], b: readonly Metric[]): MetricDifference[] {
  const found = new Map<string, MetricDifference>();
  for (const one of a) {
    found.set(metricName(one), { metric: metricName(one), unit: one.unit, a: one.value, b: undefined });
  }
  for (const one of b) {
    const metric = metricName(one);
    found.set(metric, { metric, unit: one.unit, a: found.get(metric)?.a, b: one.value });
  }
  return [...found.values()];
}
