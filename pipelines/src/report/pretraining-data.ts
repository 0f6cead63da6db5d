import { learnsWithoutEpochs } from '../declare/parts.ts';
import type { Stage } from '../declare/stage.ts';
import type { Workspace } from '../declare/workspace.ts';

/** The datasets that weights are learned from: those that stages other than evaluations need, unless they train for 0 epochs. */
export async function pretrainingData(
  workspace: Workspace,
  stages: readonly Pick<Stage, 'kind' | 'uses' | 'declared' | 'needs'>[],
): Promise<string[]> {
  const datasets = new Set<string>();
  for (const { kind, uses, declared, needs } of stages) {
    if (kind === 'evaluation') continue;
    if (declared?.['epochs'] === 0 && !(await learnsWithoutEpochs(workspace, uses))) continue;
    for (const need of Object.values(needs)) if (need.kind === 'dataset') datasets.add(need.name);
  }
  return [...datasets];
}
