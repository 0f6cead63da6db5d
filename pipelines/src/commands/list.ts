import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { readComparison } from '../declare/comparison.ts';
import { datasetStage } from '../declare/dataset-stage.ts';
import { readExperiment } from '../declare/experiment.ts';
import type { Stage } from '../declare/stage.ts';
import { stagesOf } from '../declare/stages.ts';
import { comparisonNames, datasetNames, experimentNames } from '../declare/workspace.ts';
import { openSession, type Session } from '../run/session.ts';
import { readManifest } from '../store/manifest.ts';

export default new Command('list')
  .description('List experiments, comparisons and datasets, and how much of each is there')
  .addHelpText('after', '\nExample:\n  selfsup list')
  .action(() => {
    const session = openSession();
    console.log('Experiments');
    for (const name of experimentNames(session.workspace)) console.log(`  ${experimentLine(session, name)}`);
    const comparisons = comparisonNames(session.workspace);
    if (comparisons.length > 0) console.log('Comparisons');
    for (const name of comparisons) console.log(`  ${comparisonLine(session, name)}`);
    console.log('Datasets');
    for (const name of datasetNames(session.workspace)) {
      const there = readManifest(datasetStage(session, name).folder) !== undefined;
      console.log(`  ${name.padEnd(20)} ${there ? 'ingested' : 'not ingested yet'}`);
    }
  });

function experimentLine(session: Session, name: string): string {
  return orBroken(name, () => {
    const experiment = readExperiment(session.workspace, name);
    return line(name, stagesOf(session, experiment), experiment.about);
  });
}

function comparisonLine(session: Session, name: string): string {
  return orBroken(name, () => {
    const { entries, about } = readComparison(session.workspace, name);
    const compared = entries.flatMap(({ experiment, variant, stages }) =>
      stagesOf(session, experiment, { variant: variant.name, stages }),
    );
    return line(name, compared, about);
  });
}

function line(name: string, stages: readonly Stage[], about: { title: string; time?: string | undefined }): string {
  const there = stages.filter(({ folder }) => readManifest(folder) !== undefined).length;
  const time = about.time === undefined ? '' : `  (${about.time})`;
  return `${name.padEnd(20)} ${`${there}/${stages.length} stages`.padEnd(14)} ${about.title}${time}`;
}

function orBroken(name: string, describe: () => string): string {
  try {
    return describe();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${name.padEnd(20)} broken: ${error.message.split('\n')[0]}`;
  }
}
