import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Experiment } from '../declare/experiment.ts';
import type { Session } from '../run/session.ts';
import { writeReportFile, type WrittenReport } from './report-file.ts';
import { writeExplore } from './write-explore.ts';

/** Where the report of an experiment lies; that of a `--set` variant beside its artifacts. */
export function reportFile(session: Session, experiment: Experiment, setVariant?: string): string {
  const folder = join(session.artifacts.stages, experiment.name, ...(setVariant === undefined ? [] : [setVariant]));
  return join(folder, 'report', 'index.html');
}

/**
 * Writes the report from what is published now, to its own place, with the page in which its networks run beside it, or to
 * the file `to`.
 */
export async function writeReport(
  session: Session,
  experiment: Experiment,
  { setVariant, to }: { setVariant?: string | undefined; to?: string | undefined } = {},
): Promise<WrittenReport> {
  const { renderReport } = await import('@selfsup/report/page');
  const { reportInput } = await import('./report-input.ts');
  const place = reportFile(session, experiment, setVariant);
  const isApart = setVariant !== undefined || to !== undefined;
  const explore = isApart ? undefined : await writeExplore(session, experiment, place);
  const input = await reportInput(session, experiment, explore && basename(explore));
  return { file: await writeReportFile(await renderReport(input), place, to), warnings: input.warnings ?? [] };
}

/** Whether there is a report. */
export function hasReport(session: Session, experiment: Experiment): boolean {
  return existsSync(reportFile(session, experiment));
}
