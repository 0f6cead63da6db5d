import { join } from 'node:path';
import { writeAtomically } from '@selfsup/engine/files';
import { assertWritable } from './artifacts.ts';
import type { Comparison } from './comparison.ts';
import type { Session } from './session.ts';

/** Where the report of a comparison lies. */
export function comparisonReport(session: Session, name: string): string {
  return join(session.artifacts.root, 'compare', name, 'index.html');
}

/** Writes the report of a comparison from what is published now. Gives its path. */
export async function writeComparison(session: Session, comparison: Comparison): Promise<string> {
  assertWritable(session.artifacts);
  const { renderComparison } = await import('@selfsup/report/comparison-page');
  const { withLighterPictures } = await import('@selfsup/report/images/lighter-pictures');
  const { comparisonInput } = await import('./comparison-input.ts');
  const file = comparisonReport(session, comparison.name);
  await writeAtomically(
    file,
    await renderComparison(await withLighterPictures(await comparisonInput(session, comparison))),
  );
  return file;
}
