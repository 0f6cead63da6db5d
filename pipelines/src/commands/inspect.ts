import { Command } from 'commander';
import { datasetStage } from '../declare/dataset-stage.ts';
import { describeDataset } from '../inspect/describe-dataset.ts';
import { checkedSheet, keepSheet } from '../inspect/keep-sheet.ts';
import { readRemarks } from '../report/remarks.ts';
import { openIngested } from '../run/open-ingested.ts';
import { openSession } from '../run/session.ts';

interface InspectOptions {
  readonly json: boolean;
  readonly all: boolean;
  readonly verify: boolean;
  readonly split?: string;
  readonly sheet?: string;
}

export default new Command('inspect')
  .description('Show what is in an ingested dataset, and write a contact sheet of it')
  .argument('<dataset>')
  .option('--split <name>', 'the split of the contact sheet; train, or the first, by default')
  .option(
    '--sheet <file.png>',
    'where to write the contact sheet; artifacts/<dataset>/contact-sheet.png, or the cache, by default',
  )
  .option('--all', 'show all images that were left out', false)
  .option('--verify', 'read everything over and compare it with its checksums', false)
  .option('--json', 'print the manifest of the dataset instead', false)
  .addHelpText(
    'after',
    '\nExamples:\n  selfsup inspect cifar10\n  selfsup inspect imagenet --split val --sheet val.png',
  )
  .action(async (name: string, options: InspectOptions) => {
    const session = openSession();
    if (options.sheet !== undefined) checkedSheet(options.sheet);
    const dataset = await openIngested(session, name);
    try {
      if (options.verify) {
        const { verifyDataset } = await import('@selfsup/data/inspection');
        await verifyDataset(dataset.folder, session.progress(`data/${name}`));
      }
      const remarks = readRemarks(datasetStage(session, name).folder);
      if (options.json) {
        console.log(JSON.stringify({ ...dataset.manifest, ...remarks }, null, 2));
        return;
      }
      const columns = process.stdout.columns ?? 100;
      for (const line of describeDataset(dataset, { ...remarks, all: options.all, columns })) console.log(line);
      const { contactSheet, sheetSplit } = await import('@selfsup/data/inspection');
      const png = await contactSheet(dataset, options.split ?? sheetSplit(dataset));
      console.log(await keepSheet(png, { name, artifacts: session.artifacts.root, asked: options.sheet }));
      if (options.verify) console.log('Verified: all records match their checksums.');
    } finally {
      await dataset.close();
    }
  });
