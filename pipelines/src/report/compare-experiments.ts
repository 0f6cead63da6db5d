import { readComparison, runComparison } from '../declare/comparison.ts';
import { openSession } from '../run/session.ts';
import { shownPath } from '../store/shown-path.ts';
import { writeComparison } from './write-comparison.ts';

/**
 * Brings the experiments of a comparison up to date, unless it shall be shown `asIs`, writes its report and says where that
 * is. Throws `UserError` as `readComparison` and the stages do.
 */
export async function compareExperiments(
  name: string,
  options: { asIs?: boolean; maxMinutes?: number | undefined; exact?: boolean | undefined; to?: string | undefined },
): Promise<void> {
  const { asIs = false, to, ...limits } = options;
  const session = openSession(limits);
  const comparison = readComparison(session.workspace, name);
  if (!asIs) await runComparison(session, comparison);
  const file = await writeComparison(session, comparison, to);
  console.log(`\nReport: ${shownPath(file)}`);
}
