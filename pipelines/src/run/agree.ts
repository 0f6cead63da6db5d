import { cluster } from '@selfsup/engine/cluster';
import { UserError } from '@selfsup/kit/errors';
import type { Prepared, Stage } from '../declare/stage.ts';
import { changedPaths } from '../keys/changed-paths.ts';
import type { Decision } from '../keys/decide.ts';
import { keyDifferences, type Keyed } from '../keys/why.ts';
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
  const { key, place } = decision;
  joined.sharesStage = mostProcesses(prepared) > 1;
  joined.tell({ key });
  (await joined.answers()).forEach((answer, i) => {
    const who = `Process ${i + 1}`;
    if (answer['key'] !== key) {
      throw new UserError(
        `${who} would compute something else than the first: ${apartBy(decision, answer as Partial<Keyed>)}`,
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

/** How many differences are named. */
const mostNamed = 3;

function apartBy(first: Keyed, { keyParts, code }: Partial<Keyed>): string {
  if (keyParts === undefined || code === undefined) return 'needs that it does not see';
  const lines = keyDifferences(first, { keyParts, code });
  const more = lines.length > mostNamed ? [`and ${lines.length - mostNamed} more`] : [];
  return [...lines.slice(0, mostNamed), ...more].join('; ');
}
