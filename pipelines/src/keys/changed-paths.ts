import { canonicalJson } from '@selfsup/kit/files';

/** Dotted paths at which two pieces of JSON differ, with both values. */
export function changedPaths(before: unknown, now: unknown, path = ''): string[] {
  if (canonicalJson(before ?? null) === canonicalJson(now ?? null)) return [];
  const isMap = (value: unknown): value is Record<string, unknown> =>
    value !== null && typeof value === 'object' && !Array.isArray(value);
  if (!isMap(before) || !isMap(now)) {
    return [`${path || '(all)'}: ${JSON.stringify(before) ?? 'absent'} -> ${JSON.stringify(now) ?? 'absent'}`];
  }
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) =>
    changedPaths(before[key], now[key], path === '' ? key : `${path}.${key}`),
  );
}
