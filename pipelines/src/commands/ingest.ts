import { Command } from 'commander';
import { datasetStage } from '../declare/dataset-stage.ts';
import { runStage } from '../run/run-stage.ts';
import { openSession } from '../run/session.ts';

export default new Command('ingest')
  .description('Bring a dataset up to date: source files to LMDB')
  .argument('<dataset>')
  .option('--path <path>', 'where its first source lies; wins over dataset.json and SELFSUP_DATA')
  .option('--full-hash', 'read all of its files to see whether they have changed, trusting no times and inodes', false)
  .option('--force', 'ingest anew even where it is done', false)
  .addHelpText(
    'after',
    '\nExamples:\n  selfsup ingest cifar10 --path ~/Downloads/cifar-10-binary.tar.gz\n  selfsup ingest my-pictures --full-hash',
  )
  .action(async (dataset: string, options: { path?: string; fullHash: boolean; force: boolean }) => {
    const session = openSession();
    const outcome = await runStage(session, datasetStage(session, dataset), options);
    if (outcome === 'fresh') console.log(`data/${dataset}: done already`);
  });
