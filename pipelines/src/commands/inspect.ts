import { basename, extname, resolve } from 'node:path';
import { Command } from 'commander';
import type { Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import { datasetStage } from '../declare/dataset-stage.ts';
import { describeDataset } from '../inspect/describe-dataset.ts';
import { checkedSheet, keepSheet } from '../inspect/keep-sheet.ts';
import { readRemarks } from '../report/remarks.ts';
import { damagedRecords, openIngested } from '../run/open-ingested.ts';
import { openSession, type Session } from '../run/session.ts';
import { shownPath } from '../store/shown-path.ts';
import { isWhole } from '../store/store.ts';

interface InspectOptions {
  readonly json: boolean;
  readonly all: boolean;
  readonly verify: boolean;
  readonly split?: string;
  readonly sheet?: string;
  readonly against?: string;
  readonly names?: string;
}

export default new Command('inspect')
  .description('Show what is in an ingested dataset, and write a contact sheet of it')
  .argument('<dataset>')
  .option('--split <name>', 'the split of the contact sheet; train, or the first, by default')
  .option(
    '--sheet <file.png>',
    'where to write the contact sheet; artifacts/<dataset>/contact-sheet.png, or the cache, by default',
  )
  .option('--against <dataset>', 'say which photographs it shares with another dataset, or <dataset>:<split>')
  .option('--names <file.txt>', 'where to write the names of those that are shared, for "leaveOut" of a dataset.json')
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
    const dataset = await openIngested(session, name, options.verify);
    try {
      if (options.verify) {
        const { verifyDataset } = await import('@selfsup/data/inspection');
        await verifyDataset(dataset.folder, session.progress(`data/${name}`));
        // What no record holds can be altered too.
        const { store } = datasetStage(session, name);
        if (!(await isWhole(store, basename(dataset.folder), true))) throw damagedRecords(name, dataset.folder);
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
      for (const line of await sharedLines(session, dataset, options)) console.log(line);
      if (options.verify) console.log('Verified: all records match their checksums.');
    } finally {
      await dataset.close();
    }
  });

/** What a dataset shares with another one, or with a split of it; nothing where none is named. */
async function sharedLines(session: Session, dataset: Dataset, { against, names }: InspectOptions): Promise<string[]> {
  if (against === undefined) {
    if (names === undefined) return [];
    const remedy = 'Say what it is compared with: --against <dataset>.';
    throw new UserError('There is nothing whose names could be written', { field: '--names', remedy });
  }
  const [name = '', split] = against.split(':');
  const other = await openIngested(session, name);
  try {
    const { sharedPhotographs } = await import('@selfsup/data/inspection');
    const shared = sharedPhotographs(dataset, other, { otherSplit: split });
    const lines = shared.map(
      ({ split: own, otherSplit, paths, otherExample }) =>
        `  ${paths.length} of ${own} in its ${otherSplit}, such as ${paths[0]}, there ${otherExample}`,
    );
    const about = `${name}: what is trained on in one is nothing to test on in the other`;
    const said = shared.length === 0 ? [`Shares no photograph with ${against}`] : [`Shares photographs with ${about}`];
    if (names === undefined) return [...said, ...lines];
    const listed = shared.flatMap(({ paths }) => paths.map((path) => basename(path, extname(path)))).sort();
    await writeAtomically(names, listed.map((one) => `${one}\n`).join(''));
    return [...said, ...lines, `  ${listed.length} names in ${shownPath(resolve(names))}`];
  } finally {
    await other.close();
  }
}
