import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '@selfsup/engine/files';
import { assertWritable } from './artifacts.ts';
import type { Experiment } from './experiment.ts';
import type { Session } from './session.ts';

/** Where the report of an experiment lies; that of a `--set` variant beside its artifacts. */
export function reportFile(session: Session, experiment: Experiment, setVariant?: string): string {
  const folder = join(session.artifacts.stages, experiment.name, ...(setVariant === undefined ? [] : [setVariant]));
  return join(folder, 'report', 'index.html');
}

/** Writes the report from what is published now. Gives its path. */
export async function writeReport(session: Session, experiment: Experiment, setVariant?: string): Promise<string> {
  assertWritable(session.artifacts);
  const { renderReport } = await import('@selfsup/report/page');
  const { reportInput } = await import('./report-input.ts');
  const file = reportFile(session, experiment, setVariant);
  await writeAtomically(file, await renderReport(await reportInput(session, experiment)));
  return file;
}

/** Whether there is a report. */
export function hasReport(session: Session, experiment: Experiment): boolean {
  return existsSync(reportFile(session, experiment));
}
