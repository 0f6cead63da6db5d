import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { oneLine } from '@selfsup/data/wording';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import type { Progress } from '@selfsup/kit/progress';
import { createProgress } from '@selfsup/kit/terminal-progress';
import { findWorkspace } from '../declare/workspace.ts';
import { findCheckpoint } from '../store/checkpoint-argument.ts';
import { shownPath } from '../store/shown-path.ts';

export interface EmbedCommandOptions {
  readonly layer?: string;
  readonly pool: 'avg' | 'none';
  readonly to: string;
  readonly force?: boolean;
}

/** Skipped pictures that are named on the terminal; the list beside the features names all. */
const NAMED = 10;

export default new Command('embed')
  .description('Write the features that a trained encoder gives for every picture below a folder')
  .argument('<checkpoint>', 'a .safetensors file, the folder of a pretraining stage, or an experiment')
  .argument('<folder>', 'jpg, png, webp, gif, tiff, avif, bmp, ppm, in folders as deep as you like')
  .option('--layer <name>', 'probe point to read (default: conv2 where the network has it, else the last)')
  .addOption(
    new Option('--pool <how>', 'avg: mean over height and width; none: the whole map, flattened')
      .choices(['avg', 'none'])
      .default('avg'),
  )
  .option('--to <file>', 'a .npy (float32 [n, d], names in a .txt beside it) or a .csv (name first)', 'features.npy')
  .option('--force', 'replace these files where they are there', false)
  .addHelpText(
    'after',
    `
The folder is read as ingestion reads one: links are followed, hidden and system files passed over, files without a known
ending read where they begin as a picture does. Every picture is turned upright by its EXIF orientation, transparency is
laid over white, and it is scaled (bilinear, antialiased) so that it just covers the encoder's input and cropped around its
centre; then grey or colour as the encoder takes it, and normalised with the checkpoint's own mean and standard deviation.
A damaged picture has no row; it is named with the reason, also in <file>.skipped.txt. Line breaks in names are written as
\\n, backslashes as \\\\. No file that is there already is written over without --force.

Example:
  selfsup embed rotnet-small my-pictures --layer conv2 --to features.csv`,
  )
  .action(async (checkpoint: string, folder: string, options: EmbedCommandOptions) => {
    for (const line of await embed(checkpoint, folder, options, createProgress())) console.log(line);
  });

/** Writes the features and returns lines that say what was written and what was not. Throws as `embedFolder` does. */
export async function embed(
  checkpoint: string,
  folder: string,
  options: EmbedCommandOptions,
  progress: Progress,
): Promise<string[]> {
  const { featuresPaths } = await import('../embed/features-file.ts');
  const list = `${options.to}.skipped.txt`;
  const there = [...featuresPaths(options.to), list].filter((path) => existsSync(path));
  if (there.length > 0 && options.force !== true) {
    throw new UserError(
      `There ${there.length === 1 ? 'is a file' : 'are files'} already: ${there.map(shownPath).join(', ')}`,
      {
        field: '--to',
        remedy: 'Name another file with --to, or replace what is there with --force.',
      },
    );
  }
  const file = await findCheckpoint(findWorkspace(), checkpoint);
  const { embedFolder } = await import('../embed/embed-folder.ts');
  const { layer, count, dimension, turned, skipped, files } = await embedFolder({
    ...{ checkpoint: file, folder, pool: options.pool, to: options.to, progress },
    layer: options.layer,
  });
  const lines = [`${count} × ${dimension} features of ${layer}: ${files.map(shownPath).join(', ')}`];
  if (turned > 0) lines.push(`Turned upright as their EXIF orientation says: ${turned}`);
  if (skipped.length === 0) {
    await rm(list, { force: true });
  } else {
    await writeAtomically(list, skipped.map(({ path, reason }) => `${oneLine(path)}\t${oneLine(reason)}\n`).join(''));
    lines.push(`Damaged pictures skipped: ${skipped.length}, all named in ${shownPath(list)}:`);
    lines.push(...skipped.slice(0, NAMED).map(({ path, reason }) => `  ${oneLine(path)}: ${oneLine(reason)}`));
    if (skipped.length > NAMED) lines.push(`  and ${skipped.length - NAMED} more`);
  }
  return lines;
}
