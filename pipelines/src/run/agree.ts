import { cluster } from '@selfsup/engine/cluster';
import { UserError } from '@selfsup/kit/errors';
import type { Prepared, Stage } from '../declare/stage.ts';
import { changedPaths } from '../keys/changed-paths.ts';
import type { Decision } from '../keys/decide.ts';
import { mostProcesses } from './launch.ts';
import type { Session } from './session.ts';

/**
 * In the first of several processes: makes sure that all are about to compute the same. Throws `UserError` naming the process
 * that is not, and what differs.
 */
export async function agree(
  { progress }: Session,
  { label }: Stage,
  decision: Decision,
  prepared: Prepared,
): Promise<void> {
  const joined = cluster();
  if (joined === undefined) return;
  const { key, keyParts, place } = decision;
  joined.sharesStage = mostProcesses(prepared) > 1;
  joined.tell({ key });
  (await joined.answers()).forEach((answer, i) => {
    const who = `Process ${i + 1}`;
    if (answer['key'] !== key) {
      const its = answer['keyParts'];
      const apart = its === undefined ? '' : changedPaths(keyParts, its).slice(0, 3).join('; ');
      throw new UserError(
        `${who} would compute something else than the first: ${apart || 'needs that it does not see'}`,
        {
          remedy: 'All processes need the same code, the same declarations and the same results of the stages before.',
        },
      );
    }
    const differences = changedPaths(place, answer['place']);
    if (differences.length > 0) {
      progress(label).warn(
        `${who} is in another place (${differences.join('; ')}): last bits may differ from run to run`,
      );
    }
  });
}
