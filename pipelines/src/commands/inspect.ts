import { Command } from 'commander';
import type { Dataset } from '@selfsup/data/dataset';
import { datasetStage } from '../declare/dataset-stage.ts';
import { describeDataset } from '../inspect/describe-dataset.ts';
import { checkedSheet, keepSheet } from '../inspect/keep-sheet.ts';
import { readRemarks } from '../report/remarks.ts';
import { openIngested } from '../run/open-ingested.ts';
import { openSession, type Session } from '../run/session.ts';

interface InspectOptions {
  readonly json: boolean;
  readonly all: boolean;
  readonly verify: boolean;
  readonly split?: string;
  readonly sheet?: string;
  readonly against?: string;
}

export default new Command('inspect')
  .description('Show what is in an ingested dataset, and write a contact sheet of it')
  .argument('<dataset>')
  .option('--split <name>', 'the split of the contact sheet; train, or the first, by default')
  .option(
    '--sheet <file.png>',
    'where to write the contact sheet; artifacts/<dataset>/contact-sheet.png, or the cache, by default',
  )
  .option('--against <dataset>', 'say which photographs it shares with another dataset')
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
      for (const line of await sharedLines(session, dataset, options.against)) console.log(line);
      if (options.verify) console.log('Verified: all records match their checksums.');
    } finally {
      await dataset.close();
    }
  });

/** What a dataset shares with another one, which is ingested where it is not; nothing where none is named. */
async function sharedLines(session: Session, dataset: Dataset, name: string | undefined): Promise<string[]> {
  if (name === undefined) return [];
  const other = await openIngested(session, name);
  try {
    const { sharedPhotographs } = await import('@selfsup/data/inspection');
    const shared = sharedPhotographs(dataset, other);
    if (shared.length === 0) return [`Shares no photograph with ${name}`];
    return [
      `Shares photographs with ${name}: what is trained on in one is nothing to test on in the other`,
      ...shared.map(
        ({ split, otherSplit, count, example, otherExample }) =>
          `  ${count} of ${split} in its ${otherSplit}, such as ${example}, there ${otherExample}`,
      ),
    ];
  } finally {
    await other.close();
  }
}
