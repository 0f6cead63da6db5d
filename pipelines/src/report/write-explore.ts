import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exploreFile } from '@selfsup/explore/stage';
import type { Experiment } from '../declare/experiment.ts';
import { exploreStage } from '../declare/explore-stage.ts';
import { childCommand } from '../run/child-command.ts';
import { ChildFailed } from '../run/ended.ts';
import { isThere } from '../run/run-stage.ts';
import { isDone } from '../run/run-stages.ts';
import type { Session } from '../run/session.ts';
import { writeReportFile } from './report-file.ts';

/**
 * Brings the page in which the networks of an experiment run up to date, once all of them are there, and puts it beside the
 * report. Gives its path; undefined where the experiment declares none, not all has been run, or it could not be made, which
 * it has told.
 */
export async function writeExplore(
  session: Session,
  experiment: Experiment,
  report: string,
): Promise<string | undefined> {
  const stage = exploreStage(session, experiment);
  if (stage === undefined) return undefined;
  for (const need of Object.values(stage.needs)) if (!(await isThere(need))) return undefined;
  try {
    if (!(await isDone(session, stage))) await childCommand(session, stage, { force: false });
  } catch (error) {
    if (error instanceof ChildFailed) return undefined;
    throw error;
  }
  return placeExplore(stage.folder, report);
}

/** Copies a page that was published into this folder to the report that leads to it, and gives its path. */
export async function placeExplore(published: string, report: string): Promise<string> {
  return writeReportFile(await readFile(join(published, exploreFile)), join(dirname(report), exploreFile), undefined);
}
