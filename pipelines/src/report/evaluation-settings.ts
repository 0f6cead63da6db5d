import { flatten } from '@selfsup/report/flatten';
import type { Stage } from '../declare/stage.ts';
import { readManifest } from '../store/manifest.ts';

/** Lists of what is done one by one: what else stands in them changes no number. */
const lists = new Set(['layers']);

/**
 * All that the numbers of an evaluation depend on but the encoder, as dotted name to value: its settings, those of the
 * evaluations that it builds on under the role they fill, and the data with its digest. Empty for a stage that is none, and
 * for one that has not been run.
 */
export function evaluationSettings({ kind, uses, needs, folder }: Stage): Record<string, string> {
  const manifest = readManifest(folder);
  if (kind !== 'evaluation' || manifest === undefined) return {};
  const settings = new Map(flatten(manifest.resolvedConfig).filter(([name]) => !lists.has(name)));
  settings.set('uses', uses);
  for (const [role, need] of Object.entries(needs)) {
    if (need.kind === 'dataset') {
      const digest = readManifest(need.folder)?.outputDigest ?? '';
      settings.set(role, `${need.name} ${digest.slice(0, 8)}`);
    } else for (const [name, value] of Object.entries(evaluationSettings(need))) settings.set(`${role}.${name}`, value);
  }
  return Object.fromEntries(settings);
}
