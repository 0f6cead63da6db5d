import { canonicalJson } from '@selfsup/kit/files';
import type { KeyParts, Manifest } from '../store/manifest.ts';
import { changedPaths } from './changed-paths.ts';
import type { CodeKey } from './code-key/code-key.ts';
import { placeDifferences, type Place } from './place.ts';
import { codeDifferences } from './why-code.ts';

/** What a key stands for: what is compared to say why two differ. */
export interface Keyed {
  readonly keyParts: KeyParts;
  readonly code: CodeKey;
}

/** What was found out of a unit of work: its key, and whether what is published has it. */
interface Decided extends Keyed {
  readonly key: string;
  readonly place: Place | undefined;
  readonly published: Manifest | undefined;
  readonly fresh: boolean;
  /** What is missing or was altered of what is published. */
  readonly damage: string | undefined;
}

/** Why a stage is not done, a line each; none where it is. */
export function reasons(decision: Decided): string[] {
  const { published, damage } = decision;
  if (damage !== undefined) return [`what was published is damaged: ${damage}`];
  if (published === undefined) return ['it has never been published'];
  if (decision.fresh) return [];
  if (published.key !== decision.key) return keyDifferences(published, decision);
  return elsewhereThan(decision);
}

/** How the place where a stage was computed differs from this one, a line each. */
export function elsewhereThan({ published, place }: Decided): string[] {
  return placeDifferences(published?.places ?? [], place);
}

/** Which parts of two keys differ, a line each. */
export function keyDifferences(before: Keyed, now: Keyed): string[] {
  const lines: string[] = [];
  const old = before.keyParts;
  const { keyParts } = now;
  if (old.uses !== keyParts.uses) lines.push(`uses: ${old.uses} -> ${keyParts.uses}`);
  if (old.seed !== keyParts.seed) lines.push(`seed: ${old.seed} -> ${keyParts.seed}`);
  for (const path of changedPaths(old.config, keyParts.config)) lines.push(`config: ${path}`);
  for (const role of new Set([...Object.keys(old.needs), ...Object.keys(keyParts.needs)])) {
    if (old.needs[role] !== keyParts.needs[role]) lines.push(`needs: the result that fills '${role}' is another one`);
  }
  for (const fact of changedPaths(old.engine ?? {}, keyParts.engine ?? {})) lines.push(`engine: ${fact}`);
  if (old.code !== keyParts.code) lines.push(...codeDifferences(before.code, now.code));
  return lines;
}

/** Whether nothing but code differs between what two keys stand for. */
export function differOnlyInCode(before: KeyParts, now: KeyParts): boolean {
  return canonicalJson({ ...before, code: '' }) === canonicalJson({ ...now, code: '' });
}
