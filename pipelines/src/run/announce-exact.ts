import { unitLabel } from '../store/artifacts.ts';
import type { Experiment } from '../declare/experiment.ts';
import type { Session } from './session.ts';
import { decideStage, type StageId } from '../keys/stage-key.ts';
import { elsewhereThan } from '../keys/why.ts';

/** Says, before anything is computed, which results are there but were computed elsewhere, where all must be exact. */
export async function announceExact(
  session: Session,
  stages: readonly (readonly [Experiment, StageId])[],
): Promise<void> {
  if (!session.exact) return;
  const lines: string[] = [];
  for (const [experiment, id] of stages) {
    const decision = await decideStage(session, experiment, id);
    if (decision === undefined || decision.fresh || decision.key !== decision.published?.key) continue;
    const elsewhere = elsewhereThan(decision);
    if (elsewhere.length > 0) lines.push(`  ${unitLabel(id)}`, ...elsewhere.map((line) => `    ${line}`));
  }
  if (lines.length === 0) return;
  console.log('Done, but computed elsewhere. Since results must be exact, computed again here:');
  for (const line of lines) console.log(line);
  console.log('What is published stays until the new result is whole.');
}
