import { flatten } from '@selfsup/report/flatten';
import { publishedFolder } from '../store/artifacts.ts';
import type { VariantPlan } from './expand.mjs';
import { readManifest } from '../store/manifest.ts';
import type { Session } from '../run/session.ts';
import { neededUnit, type StageId } from '../keys/stage-key.ts';

/** Lists of what is done one by one: what else stands in them changes no number. */
const lists = new Set(['layers']);

/**
 * All that the numbers of an evaluation depend on but the encoder, as dotted name to value: its settings, those of the
 * evaluations that it builds on under the role they fill, and the data with its digest. Empty for a stage that is none, and
 * for one that has not been run.
 */
export function evaluationSettings(session: Session, variant: VariantPlan, id: StageId): Record<string, string> {
  const { uses, needs } = variant.stages[id.stage]!;
  const manifest = readManifest(publishedFolder(session.artifacts, id));
  if (!uses.startsWith('eval/') || manifest === undefined) return {};
  const settings = new Map(flatten(manifest.resolvedConfig).filter(([name]) => !lists.has(name)));
  settings.set('uses', uses);
  for (const [role, ref] of Object.entries(needs)) {
    const unit = neededUnit(id, ref);
    if (unit.kind === 'ingest') {
      const digest = readManifest(publishedFolder(session.artifacts, unit))?.outputDigest ?? '';
      settings.set(role, `${unit.dataset} ${digest.slice(0, 8)}`);
    } else {
      for (const [name, value] of Object.entries(evaluationSettings(session, variant, unit)))
        settings.set(`${role}.${name}`, value);
    }
  }
  return Object.fromEntries(settings);
}
