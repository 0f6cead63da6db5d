import { relative } from 'node:path';
import { readComparison, runComparison } from './comparison.ts';
import { openSession } from './session.ts';
import { writeComparison } from './write-comparison.ts';

/**
 * Brings the experiments of a comparison up to date, unless it shall be shown `asIs`, writes its report and says where that
 * is. Throws `UserError` as `readComparison` and the stages do.
 */
export async function compareExperiments(
  name: string,
  { asIs = false, maxMinutes, exact }: { asIs?: boolean; maxMinutes?: number | undefined; exact?: boolean | undefined },
): Promise<void> {
  const session = openSession({ maxMinutes, exact });
  const comparison = readComparison(session.workspace, name);
  if (!asIs) await runComparison(session, comparison);
  const file = await writeComparison(session, comparison);
  console.log(`\nReport: ${relative(process.cwd(), file)}`);
}
