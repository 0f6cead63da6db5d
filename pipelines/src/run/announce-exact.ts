import type { Stage } from '../declare/stage.ts';
import { decideStage, type Decision } from '../keys/decide.ts';
import { elsewhereThan } from '../keys/why.ts';
import type { Session } from './session.ts';

/**
 * Says, before anything is computed, which results are there but were computed elsewhere, where all must be exact.
 * `decisionOf` gives what was decided before.
 */
export async function announceExact(
  session: Session,
  stages: readonly Stage[],
  decisionOf: (stage: Stage) => Decision | Promise<Decision | undefined> = (stage) => decideStage(session, stage),
): Promise<void> {
  if (!session.exact) return;
  const lines: string[] = [];
  for (const stage of stages) {
    const decision = await decisionOf(stage);
    if (decision === undefined || decision.fresh || decision.key !== decision.published?.key) continue;
    const elsewhere = elsewhereThan(decision);
    if (elsewhere.length > 0) lines.push(`  ${stage.label}`, ...elsewhere.map((line) => `    ${line}`));
  }
  if (lines.length === 0) return;
  console.log('Done, but computed elsewhere. Since results must be exact, computed again here:');
  for (const line of lines) console.log(line);
  console.log('What is published stays until the new result is whole.');
}
