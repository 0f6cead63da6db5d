import { dirname, join } from 'node:path';
import { exploreFile } from '@selfsup/explore/stage';
import type { Comparison } from '../declare/comparison.ts';
import type { Session } from '../run/session.ts';
import { writeReportFile, type WrittenReport } from './report-file.ts';

/** Where the report of a comparison lies. */
export function comparisonReport(session: Session, name: string): string {
  return join(session.artifacts.root, 'compare', name, 'index.html');
}

/**
 * Writes the report of a comparison from what is published now, to its own place, with the page in which people choose what
 * is compared beside it, or to the file `to`.
 */
export async function writeComparison(session: Session, comparison: Comparison, to?: string): Promise<WrittenReport> {
  const { renderComparison } = await import('@selfsup/report/comparison-page');
  const { withLighterPictures } = await import('@selfsup/report/images');
  const { comparisonInput } = await import('./comparison-input.ts');
  const input = await comparisonInput(session, comparison);
  const place = comparisonReport(session, comparison.name);
  if (to === undefined) {
    const { makeComparison } = await import('@selfsup/explore/make-comparison');
    await writeReportFile(await makeComparison(input), join(dirname(place), exploreFile), undefined);
  }
  const explore = to === undefined ? exploreFile : undefined;
  const page = await renderComparison(await withLighterPictures({ ...input, explore }));
  return { file: await writeReportFile(page, place, to), warnings: input.warnings ?? [] };
}
