import type { Remark } from '@selfsup/kit/remark';
import { publishedFolder } from '../store/artifacts.ts';
import type { VariantPlan } from '../declare/expand.mjs';
import { readRemarks } from './remarks.ts';
import type { Session } from '../run/session.ts';
import { neededUnit, type StageId } from '../keys/stage-key.ts';

/** What is said where a dataset is described, not beside numbers. */
const ofReading = new Set(['folder-without-images', 'duplicate-names']);
/** What an evaluation says itself, of the very images that it measured. */
const ofClasses = new Set(['class-without-test-images', 'class-without-training-images']);

/** What must be known beside the numbers of a stage: its own remarks, and those on the data that it measured. */
export function stageRemarks(session: Session, variant: VariantPlan, id: StageId): readonly Remark[] {
  const own = readRemarks(publishedFolder(session.artifacts, id)).warnings ?? [];
  const saysItself = variant.stages[id.stage]!.uses.startsWith('eval/');
  const ofData = measuredDatasets(variant, id).flatMap(
    (dataset) => readRemarks(publishedFolder(session.artifacts, { kind: 'ingest', dataset })).warnings ?? [],
  );
  return [...own, ...ofData.filter(({ kind }) => !ofReading.has(kind) && !(saysItself && ofClasses.has(kind)))];
}

/** The dataset that a stage names or, where it names none, those of what it needs. */
function measuredDatasets(variant: VariantPlan, id: StageId): string[] {
  const units = Object.values(variant.stages[id.stage]!.needs).map((ref) => neededUnit(id, ref));
  const named = units.flatMap((unit) => (unit.kind === 'ingest' ? [unit.dataset] : []));
  if (named.length > 0) return named;
  return [...new Set(units.flatMap((unit) => (unit.kind === 'ingest' ? [] : measuredDatasets(variant, unit))))];
}
