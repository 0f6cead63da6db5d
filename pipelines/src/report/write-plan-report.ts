import type { Plan } from '../run/plan.ts';
import type { Session } from '../run/session.ts';
import type { WrittenReport } from './report-file.ts';
import { writeComparison } from './write-comparison.ts';
import { writeReport } from './write-report.ts';

/** Writes the report of a plan from what is published now, to its own place or to the file `to`. */
export function writePlanReport(session: Session, { report }: Plan, to?: string): Promise<WrittenReport> {
  if ('comparison' in report) return writeComparison(session, report.comparison, to);
  return writeReport(session, report.experiment, { setVariant: report.setVariant, to });
}
