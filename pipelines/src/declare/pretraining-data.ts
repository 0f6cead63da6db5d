import type { VariantPlan } from './expand.mjs';

/** Makes its filters of images, whatever its epochs. */
const withoutEpochs = 'tasks/kmeans-init';

/** The datasets that weights are learned from: those that stages other than evaluations need, unless they train for 0 epochs. */
export function pretrainingData({ stages: all }: Pick<VariantPlan, 'stages'>, names: readonly string[]): string[] {
  const learning = names
    .map((name) => all[name]!)
    .filter(({ uses }) => !uses.startsWith('eval/'))
    .filter(({ uses, config }) => uses === withoutEpochs || (config as { epochs?: unknown }).epochs !== 0);
  const refs = learning.flatMap(({ needs }) => Object.values(needs).filter((ref) => ref.startsWith('data/')));
  return [...new Set(refs.map((ref) => ref.slice('data/'.length)))];
}
