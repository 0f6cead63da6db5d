import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { exploreFile } from '@selfsup/explore/stage';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import { isFolder } from '@selfsup/kit/folders';
import { readComparison } from '../declare/comparison.ts';
import { readExperiment } from '../declare/experiment.ts';
import { comparisonNames } from '../declare/workspace.ts';
import { writeReportFile } from '../report/report-file.ts';
import { comparisonReport } from '../report/write-comparison.ts';
import type { Session } from '../run/session.ts';
import { collectResults } from './collect.ts';

/**
 * Writes the page over all published results as `index.html` of the artifacts folder, or of the folder `to`, into which it
 * copies the reports that it leads to: that folder can be put on any web server. Gives the page's path and the lines on
 * what could not be read. Throws `UserError` where `to` is no folder.
 */
export async function writeOverview(
  session: Session,
  to?: string,
): Promise<{ file: string; damaged: readonly string[] }> {
  const { root } = session.artifacts;
  const folder = to === undefined ? root : resolve(to);
  if (to !== undefined && (existsSync(folder) ? !isFolder(folder) : /\.html?$/.test(to))) {
    throw new UserError('The page over all results is a folder with the reports beside it', {
      file: folder,
      field: '--to',
      remedy: 'Name a folder, such as site.',
    });
  }
  const { results, damaged } = collectResults(root);
  const link = async (report: string): Promise<string | undefined> => {
    if (!existsSync(report)) return undefined;
    const path = relative(root, report);
    if (folder !== root) {
      // With the page that it leads to, where there is one.
      for (const file of [report, join(dirname(report), exploreFile)].filter((one) => existsSync(one)))
        await writeAtomically(join(folder, relative(root, file)), await readFile(file));
    }
    return path.split('/').map(encodeURIComponent).join('/');
  };
  const experiments: Record<string, { title?: string; report?: string | undefined }> = {};
  for (const name of new Set(results.map(({ experiment }) => experiment))) {
    const title = titleOf(() => readExperiment(session.workspace, name));
    experiments[name] = { ...title, report: await link(join(root, name, 'report', 'index.html')) };
  }
  const comparisons: { name: string; title?: string; report: string }[] = [];
  for (const name of comparisonNames(session.workspace)) {
    const report = await link(comparisonReport(session, name));
    if (report !== undefined)
      comparisons.push({ name, ...titleOf(() => readComparison(session.workspace, name)), report });
  }
  const { renderOverview } = await import('@selfsup/report/overview-page');
  const generated = new Date().toISOString().slice(0, 10);
  const page = renderOverview({ runs: results, experiments, comparisons, damaged, generated });
  const file = await writeReportFile(page, join(folder, 'index.html'), to && join(to, 'index.html'));
  return { file, damaged };
}

/** Results outlive their declarations, which may be gone, or broken by now. */
function titleOf(read: () => { readonly about: { readonly title: string } }): { title?: string } {
  try {
    return { title: read().about.title };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {};
  }
}
