import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expandVariants } from '../declare/expand.mjs';

/** Variants and seeds of an experiment. Throws for a file that is broken or names data that there is not. */
export function readExperimentPlan(file, workspace) {
  const declared = JSON.parse(readFileSync(join(workspace.root, file), 'utf8'));
  for (const stage of Object.values(declared.stages)) stage.needs ??= {};
  const variants = expandVariants(declared);
  const refs = variants.flatMap(({ stages }) => Object.values(stages).flatMap(({ needs }) => Object.values(needs)));
  const datasets = workspace.datasets.map((dataset) => `data/${basename(dirname(dataset))}`);
  if (refs.some((ref) => ref.startsWith('data/') && !datasets.includes(ref))) throw new Error('unknown dataset');
  return { variants, seeds: Array.isArray(declared.seeds) ? declared.seeds : [1] };
}
