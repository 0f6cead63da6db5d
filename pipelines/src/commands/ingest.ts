import { Command } from 'commander';
import { runIngest } from '../run-ingest.ts';
import { openSession } from '../session.ts';

export default new Command('ingest')
  .description('Bring a dataset up to date: source files to LMDB')
  .argument('<dataset>')
  .option('--path <path>', 'where its first source lies; wins over dataset.json and SELFSUP_DATA')
  .option('--force', 'ingest anew even where it is done', false)
  .addHelpText('after', '\nExample:\n  selfsup ingest cifar10 --path ~/Downloads/cifar-10-binary.tar.gz')
  .action(async (dataset: string, options: { path?: string; force: boolean }) => {
    const session = openSession();
    const outcome = await runIngest(session, dataset, options);
    if (outcome === 'fresh') console.log(`data/${dataset}: done already`);
  });
