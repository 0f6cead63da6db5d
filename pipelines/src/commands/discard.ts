import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { acquireLease } from '@selfsup/kit/lease';
import { seedOption } from '../options.ts';
import { openSession } from '../run/session.ts';
import { assertWritable } from '../store/artifacts.ts';
import { listUnfinished, sizeOf, type Unfinished } from '../store/unfinished.ts';
import { workFoldersOf } from '../store/work-folders.ts';

interface Options {
  variant?: string;
  seed?: number;
  work?: string;
  all: boolean;
}

export default new Command('discard')
  .description('List the unfinished work of an experiment or dataset, or remove it')
  .argument('<experiment or data/dataset>')
  .argument('[stage]')
  .option('--variant <name>', 'only this variant')
  .option('--seed <n>', 'only this seed', seedOption)
  .option('--work <name>', 'remove this one of the list')
  .option('--all', 'remove all of the list', false)
  .addHelpText(
    'after',
    '\nExamples:\n  selfsup discard quickstart\n  selfsup discard quickstart pretrain --work 0123456789ab' +
      '\n  selfsup discard data/cifar10 --all',
  )
  .action(async (name: string, stage: string | undefined, options: Options) => {
    const session = openSession();
    const { artifacts, signal } = session;
    const found: { workFolder: string; unfinished: Unfinished }[] = [];
    for (const workFolder of await workFoldersOf(session, name, { ...options, stage })) {
      for (const unfinished of await listUnfinished(workFolder)) found.push({ workFolder, unfinished });
    }
    const chosen = found.filter(({ unfinished }) => options.all || unfinished.name === options.work);
    if (options.work !== undefined && chosen.length === 0) {
      throw new UserError(`No unfinished work of ${name} is called '${options.work}'`, {
        field: '--work',
        remedy: `There is: ${found.map(({ unfinished }) => unfinished.name).join(', ') || 'none'}.`,
      });
    }
    const removes = options.all || options.work !== undefined;
    if (removes) assertWritable(artifacts);
    for (const { workFolder, unfinished } of removes ? chosen : found) {
      const size = await sizeOf(unfinished);
      if (removes) {
        const lease = await acquireLease(join(workFolder, 'lease'), {
          signal,
          onWait: () =>
            console.log(`${relative(process.cwd(), workFolder)}: a process is at work there; waiting for it`),
        });
        await rm(unfinished.folder, { recursive: true, force: true });
        await lease.release();
      }
      const what = `${unfinished.name}: ${size}, last worked at ${unfinished.touched.toISOString()}`;
      console.log(`${removes ? 'Removed ' : ''}${what}, ${relative(process.cwd(), unfinished.folder)}`);
    }
    if (found.length === 0) console.log(`${name}: no unfinished work`);
    else if (!removes) console.log('To remove one of these give --work <name>, to remove all of them --all.');
  });
