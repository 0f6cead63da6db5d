import { canonicalJson } from '@selfsup/engine/files';
import type { Manifest } from './manifest.ts';
import type { Decision } from './stage-key.ts';

/** Why a stage is not done, a line each; none where it is. */
export function reasons(decision: Decision): string[] {
  const { published } = decision;
  if (published === undefined) return ['it has never been published'];
  if (decision.fresh) return [];
  if (published.key === decision.key) return ['a blob in the store or a published file is missing or damaged'];
  return keyDifferences(published, decision);
}

function keyDifferences(before: Manifest, now: Decision): string[] {
  const lines: string[] = [];
  const old = before.keyParts;
  const { keyParts } = now;
  if (old.uses !== keyParts.uses) lines.push(`uses: ${old.uses} -> ${keyParts.uses}`);
  if (old.seed !== keyParts.seed) lines.push(`seed: ${old.seed} -> ${keyParts.seed}`);
  for (const path of changedPaths(old.config, keyParts.config)) lines.push(`config: ${path}`);
  for (const role of new Set([...Object.keys(old.needs), ...Object.keys(keyParts.needs)])) {
    if (old.needs[role] !== keyParts.needs[role]) lines.push(`needs: the result that fills '${role}' is another one`);
  }
  if (old.engine !== keyParts.engine) {
    const facts = changedPaths(before.engineFacts ?? {}, now.engineFacts ?? {});
    lines.push(...(facts.length > 0 ? facts : ['another one']).map((fact) => `engine: ${fact}`));
  }
  if (old.code !== keyParts.code) {
    lines.push(...mapChanges('code', before.code.files, now.code.files));
    lines.push(...mapChanges('package', before.code.packages, now.code.packages, true));
  }
  return lines;
}

function mapChanges(
  kind: string,
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
  showValues = false,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names
    .filter((name) => before[name] !== now[name])
    .map((name) => {
      if (before[name] === undefined) return `${kind}: ${name} is used now`;
      if (now[name] === undefined) return `${kind}: ${name} is no longer used`;
      return `${kind}: ${name} ${showValues ? `${before[name]} -> ${now[name]}` : 'was changed'}`;
    });
}

/** Dotted paths at which two pieces of JSON differ, with both values. */
function changedPaths(before: unknown, now: unknown, path = ''): string[] {
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
