import { canonicalJson, sha256 } from '@selfsup/kit/files';
import type { Stage } from '../declare/stage.ts';

/**
 * For stages that will have the same key as one before them, since they are declared alike from the data on, that one: as
 * the pretraining in a sweep over the settings of a probe. Such a stage takes the result of its twin once that is there.
 */
export function twinsAmong(stages: readonly Stage[]): Map<Stage, Stage> {
  const identities = new Map<string, string>();
  const identityOf = (stage: Stage): string => {
    const known = identities.get(stage.folder);
    if (known !== undefined) return known;
    const { uses, declared, keyed, seed, dryRun } = stage;
    const needs = Object.fromEntries(Object.entries(stage.needs).map(([role, need]) => [role, identityOf(need)]));
    const identity = sha256(canonicalJson({ uses, declared, keyed, seed, dryRun, needs }));
    identities.set(stage.folder, identity);
    return identity;
  };
  const first = new Map<string, Stage>();
  const twins = new Map<Stage, Stage>();
  for (const stage of stages) {
    const identity = identityOf(stage);
    const twin = first.get(identity);
    if (twin === undefined) first.set(identity, stage);
    else twins.set(stage, twin);
  }
  return twins;
}
