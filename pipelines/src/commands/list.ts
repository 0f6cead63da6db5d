import { Command } from 'commander';
import { UserError } from '@selfsup/engine/errors';
import { publishedFolder } from '../artifacts.ts';
import { readExperiment } from '../experiment.ts';
import { readManifest } from '../manifest.ts';
import { stageIds } from '../run-experiment.ts';
import { openSession, type Session } from '../session.ts';
import { datasetNames, experimentNames } from '../workspace.ts';

export default new Command('list')
  .description('List experiments and datasets, and how much of each is there')
  .addHelpText('after', '\nExample:\n  selfsup list')
  .action(() => {
    const session = openSession();
    console.log('Experiments');
    for (const name of experimentNames(session.workspace)) console.log(`  ${experimentLine(session, name)}`);
    console.log('Datasets');
    for (const name of datasetNames(session.workspace)) {
      const there = readManifest(publishedFolder(session.artifacts, { kind: 'ingest', dataset: name })) !== undefined;
      console.log(`  ${name.padEnd(20)} ${there ? 'ingested' : 'not ingested yet'}`);
    }
  });

function experimentLine(session: Session, name: string): string {
  try {
    const experiment = readExperiment(session.workspace, name);
    const stages = stageIds(experiment, {});
    const there = stages.filter((id) => readManifest(publishedFolder(session.artifacts, id)) !== undefined).length;
    const time = experiment.about.time === undefined ? '' : `  (${experiment.about.time})`;
    return `${name.padEnd(20)} ${`${there}/${stages.length} stages`.padEnd(14)} ${experiment.about.title}${time}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${name.padEnd(20)} broken: ${error.message.split('\n')[0]}`;
  }
}
