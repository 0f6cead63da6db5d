import type { VariantPlan } from './expand.mjs';

/** The data sets that weights are learned from: those that stages other than evaluations need, unless they train for 0 epochs. */
export function pretrainingData({ stages: all }: Pick<VariantPlan, 'stages'>, names: readonly string[]): string[] {
  const learning = names
    .map((name) => all[name]!)
    .filter(({ uses, config }) => !uses.startsWith('eval/') && (config as { epochs?: unknown }).epochs !== 0);
  const refs = learning.flatMap(({ needs }) => Object.values(needs).filter((ref) => ref.startsWith('data/')));
  return [...new Set(refs.map((ref) => ref.slice('data/'.length)))];
}
