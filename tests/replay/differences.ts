import type { ReplayRecord, StageRecord } from './record.ts';

/** Within which metrics of two machines agree. */
const tolerance = 1e-4;

/**
 * What differs between two replays, a line each, by stage and name. Of records made at two places (CPU type, threads,
 * engine) only the numbers are compared, within 1e-4 of their size or of 1, whichever is larger.
 */
export function differences(before: ReplayRecord, now: ReplayRecord): string[] {
  const samePlace = before.place === now.place;
  return union(before.stages, now.stages).flatMap((stage) => {
    const old = before.stages[stage];
    const fresh = now.stages[stage];
    if (old === undefined) return [`${stage}: is new`];
    if (fresh === undefined) return [`${stage}: is missing`];
    const lines = [...(samePlace ? digestDifferences(old, fresh) : []), ...metricDifferences(old, fresh, samePlace)];
    return lines.map((line) => `${stage}: ${line}`);
  });
}

function digestDifferences(before: StageRecord, now: StageRecord): string[] {
  return union(before.digests, now.digests)
    .filter((name) => before.digests[name] !== now.digests[name])
    .map((name) => `${name} ${change(before.digests[name]?.slice(0, 12), now.digests[name]?.slice(0, 12))}`);
}

function metricDifferences(before: StageRecord, now: StageRecord, exact: boolean): string[] {
  return union(before.metrics, now.metrics)
    .filter((name) => {
      const [a, b] = [before.metrics[name], now.metrics[name]];
      if (a === b) return false;
      return exact || a === undefined || b === undefined || Math.abs(a - b) > tolerance * Math.max(1, Math.abs(a));
    })
    .map((name) => `metric ${name} ${change(before.metrics[name], now.metrics[name])}`);
}

function change(before: string | number | undefined, now: string | number | undefined): string {
  if (before === undefined) return `is new (${now})`;
  return now === undefined ? 'is missing' : `${before} -> ${now}`;
}

function union(...maps: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(maps.flatMap((map) => Object.keys(map)))].sort();
}
