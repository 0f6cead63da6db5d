import type { Remark } from '@selfsup/kit/stage';
import type { Stage } from '../declare/stage.ts';
import { readRemarks } from './remarks.ts';

/** What is said where a dataset is described, not beside numbers. */
const ofReading = new Set(['folder-without-images', 'duplicate-names']);
/** What an evaluation says itself, of the very images that it measured. */
const ofClasses = new Set(['class-without-test-images', 'class-without-training-images']);

/** What must be known beside the numbers of a stage: its own remarks, and those on the data that it measured. */
export function stageRemarks(stage: Stage): readonly Remark[] {
  const own = readRemarks(stage.folder).warnings ?? [];
  const saysItself = stage.kind === 'evaluation';
  const ofData = measuredDatasets(stage).flatMap(({ folder }) => readRemarks(folder).warnings ?? []);
  return [...own, ...ofData.filter(({ kind }) => !ofReading.has(kind) && !(saysItself && ofClasses.has(kind)))];
}

/** The dataset that a stage names or, where it names none, those of what it needs. */
function measuredDatasets(stage: Stage): Stage[] {
  const needs = Object.values(stage.needs);
  const named = needs.filter(({ kind }) => kind === 'dataset');
  if (named.length > 0) return named;
  return [...new Map(needs.flatMap(measuredDatasets).map((dataset) => [dataset.name, dataset])).values()];
}
