import { join } from 'node:path';
import type { Comparison } from '../declare/comparison.ts';
import type { Session } from '../run/session.ts';
import { writeReportFile } from './report-file.ts';

/** Where the report of a comparison lies. */
export function comparisonReport(session: Session, name: string): string {
  return join(session.artifacts.root, 'compare', name, 'index.html');
}

/** Writes the report of a comparison from what is published now, to its own place or to the file `to`. Gives its path. */
export async function writeComparison(session: Session, comparison: Comparison, to?: string): Promise<string> {
  const { renderComparison } = await import('@selfsup/report/comparison-page');
  const { withLighterPictures } = await import('@selfsup/report/images');
  const { comparisonInput } = await import('./comparison-input.ts');
  const page = await renderComparison(await withLighterPictures(await comparisonInput(session, comparison)));
  return writeReportFile(page, comparisonReport(session, comparison.name), to);
}
