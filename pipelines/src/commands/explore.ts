import { existsSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { readExperiment, type Experiment } from '../declare/experiment.ts';
import { exploreStage } from '../declare/explore-stage.ts';
import { partsOf } from '../declare/parts.ts';
import { experimentNames } from '../declare/workspace.ts';
import { numberOption } from '../options.ts';
import { pageLabels } from '../report/page-labels.ts';
import { writeReportFile } from '../report/report-file.ts';
import { placeExplore } from '../report/write-explore.ts';
import { reportFile } from '../report/write-report.ts';
import { openIngested } from '../run/open-ingested.ts';
import { runStage } from '../run/run-stage.ts';
import { openSession, type Session } from '../run/session.ts';
import { trainedOn } from '../run/trained-on.ts';
import { findPublishedCheckpoint, type FoundCheckpoint } from '../store/checkpoint-argument.ts';
import { shownPath } from '../store/shown-path.ts';

interface Options {
  readonly data?: string;
  readonly images: number;
  readonly to: string;
  readonly force: boolean;
  readonly exact?: boolean;
  readonly announced: boolean;
}

export default new Command('explore')
  .description('Make the page in which trained networks run, in any browser and without a server')
  .argument('<what...>', 'an experiment that declares such a page; or checkpoints')
  .option(
    '--data <dataset>',
    'of checkpoints: the ingested dataset whose test images are in the page (default: what the first was trained on)',
  )
  .option(
    '--images <n>',
    'of checkpoints: how many of them',
    numberOption({ whole: true, atLeast: 1, atMost: 1000 }),
    120,
  )
  .option('--to <file.html>', 'of checkpoints: where to write it', 'explore.html')
  .option('--force', 'of an experiment: make it anew even where it is done', false)
  .option('--exact', 'of an experiment: make it anew where it was made on another processor')
  .addOption(new Option('--announced', 'what runs all stages has looked at them').default(false).hideHelp())
  .addHelpText(
    'after',
    `
The page is one file. It loads nothing and sends nothing: pictures that are dropped on it stay in it.

Examples:
  selfsup explore quickstart
  selfsup explore rotnet-small supervised-small --to rotations.html
  selfsup explore mine.safetensors --data cifar10`,
  )
  .action(async (what: readonly string[], options: Options) => {
    const session = openSession({ exact: options.exact });
    const [name] = what;
    if (options.data === undefined && what.length === 1 && experimentNames(session.workspace).includes(name!))
      return exploreExperiment(session, readExperiment(session.workspace, name!), options);
    const file = await exploreCheckpoints(session, what, options);
    console.log(`Page: ${shownPath(file)}`);
  });

async function exploreExperiment(session: Session, experiment: Experiment, options: Options): Promise<void> {
  const stage = exploreStage(session, experiment);
  if (stage === undefined) {
    throw new UserError(`'${experiment.name}' declares no page`, {
      file: experiment.file,
      field: 'explore',
      remedy: 'Write "explore": {} there, or name the folder of its checkpoint.',
    });
  }
  const outcome = await runStage(session, stage, options);
  if (outcome === 'fresh') console.log(`${stage.label}: done already`);
  const page = await placeExplore(stage.folder, reportFile(session, experiment));
  console.log(`Page: ${shownPath(page)}`);
}

/** Makes a page of checkpoints, which is cached nowhere, and gives its path. */
async function exploreCheckpoints(
  session: Session,
  what: readonly string[],
  { data, images, to }: Pick<Options, 'data' | 'images' | 'to'>,
): Promise<string> {
  const twice = what.find((one, i) => what.indexOf(one) !== i);
  if (twice !== undefined) {
    throw new UserError(`'${twice}' is named twice`, { field: 'what', remedy: 'Name each checkpoint once.' });
  }
  const labels = pageLabels(what.map((one) => placeOf(session, one)));
  const networks: (FoundCheckpoint & { label: string })[] = [];
  for (const [i, one] of what.entries())
    networks.push({ label: labels[i]!, ...(await findPublishedCheckpoint(session.workspace, one)) });
  const shown =
    data ??
    trainedOn(
      session,
      networks.flatMap(({ stage }) => stage ?? []),
    );
  const dataset = await openIngested(session, shown);
  try {
    const { makePage } = await import('@selfsup/explore/make-page');
    const { html } = await import('@selfsup/report/markup');
    const panels = partsOf(session.workspace, 'explore').map((part) => part.split('/')[1]!);
    const title = `${networks.map(({ label }) => label).join(', ')} on ${shown}`;
    const page = await makePage({ title, eyebrow: html`Selfsup networks`, networks, dataset, images, panels });
    return await writeReportFile(page, to, to);
  } finally {
    await dataset.close();
  }
}

/** Where a checkpoint lies below the artifacts. Of others the name alone: a page may be mailed, and tells no place of this machine. */
function placeOf({ artifacts }: Session, argument: string): string {
  if (!existsSync(argument)) return argument;
  const below = relative(artifacts.root, resolve(argument));
  return below.startsWith('..') ? basename(argument, '.safetensors') : below;
}
