import { join } from 'node:path';
import { Command, Option } from 'commander';
import { UserError } from '@selfsup/kit/errors';
import { datasetNames, findWorkspace } from '../declare/workspace.ts';
import { numberOption } from '../options.ts';
import { openSession } from '../run/session.ts';
import { findCheckpoint } from '../store/checkpoint-argument.ts';
import { datasetFormats, exportDataset, type DatasetFormat } from '../store/export-dataset.ts';
import { shownPath } from '../store/shown-path.ts';
import { sumsFile, writeSums } from '../store/sums.ts';

export type ExportFormat = 'tfjs' | 'safetensors' | 'both';
const checkpointFormats = ['tfjs', 'safetensors', 'both'] as const;

interface Options {
  readonly to: string;
  readonly format?: ExportFormat | DatasetFormat;
  readonly split?: string;
  readonly shardSize: number;
}

export default new Command('export')
  .description('Write a trained network for stock TensorFlow.js and PyTorch, or a dataset for other tools')
  .argument('<what>', 'a .safetensors file, the folder of a pretraining stage, an experiment; or a dataset')
  .option('--to <folder>', 'where to write; each format, or dataset, gets a folder of its own', 'exported')
  .addOption(
    new Option('--format <format>', 'networks: both by default; datasets: webdataset by default').choices([
      ...checkpointFormats,
      ...datasetFormats,
    ]),
  )
  .option('--split <name>', 'of a dataset: this split alone')
  .option(
    '--shard-size <megabytes>',
    'of a dataset as webdataset: image bytes of a shard',
    numberOption({ above: 0 }),
    500,
  )
  .addHelpText(
    'after',
    `
Digests of all files stand beside them (SHA256SUMS), for sha256sum --check and selfsup verify <folder>.

Examples:
  selfsup export artifacts/rotnet-small/base/seed-1/pretrain
  selfsup export quickstart/rotnet --format tfjs --to public/rotnet
  selfsup export cifar10 --format folder --split test`,
  )
  .action(async (what: string, options: Options) => {
    const isDataset = datasetNames(findWorkspace()).includes(what);
    const allowed: readonly string[] = isDataset ? datasetFormats : checkpointFormats;
    if (options.format !== undefined && !allowed.includes(options.format)) {
      throw new UserError(
        `${isDataset ? 'The dataset' : 'The network'} ${what} cannot be written as ${options.format}`,
        {
          field: '--format',
          remedy: `Use one of: ${allowed.join(', ')}.`,
        },
      );
    }
    const format = options.format ?? (isDataset ? 'webdataset' : 'both');
    const lines = isDataset
      ? await exportDataset(openSession(), what, {
          ...options,
          format: format as DatasetFormat,
          shardMegabytes: options.shardSize,
        })
      : await exportCheckpoint(what, { to: options.to, format: format as ExportFormat });
    if (isDataset) lines.push(digestsLine(join(options.to, what)));
    for (const line of lines) console.log(line);
  });

const digestsLine = (folder: string): string =>
  `Digests: ${sumsFile} beside them; selfsup verify ${shownPath(folder)} compares`;

/** Exports a checkpoint and returns lines that say what was written. Throws `UserError` as the exporters do. */
export async function exportCheckpoint(
  checkpoint: string,
  options: { readonly to: string; readonly format: ExportFormat },
): Promise<string[]> {
  const file = await findCheckpoint(findWorkspace(), checkpoint);
  const lines: string[] = [];
  if (options.format !== 'safetensors') {
    const folder = join(options.to, 'tfjs');
    const { exportToTfjs } = await import('@selfsup/models/export');
    const { models, leftOut } = await exportToTfjs(file, folder);
    await writeSums(folder);
    lines.push(`TensorFlow.js: ${models.map((name) => shownPath(join(folder, name, 'model.json'))).join(', ')}`);
    if (leftOut.length > 0) {
      lines.push(
        `  left out: ${leftOut.join(', ')} (no plain classifier on the encoder; the safetensors have its weights)`,
      );
    }
  }
  if (options.format !== 'tfjs') {
    const folder = join(options.to, 'safetensors');
    const { exportToSafetensors, weightsFile } = await import('@selfsup/models/export');
    const { tensors } = await exportToSafetensors(file, folder);
    await writeSums(folder);
    lines.push(`safetensors: ${tensors.length} tensors in ${shownPath(join(folder, weightsFile))}`);
  }
  lines.push('Shapes, layouts, normalisation and how to load: README.md beside them.');
  lines.push(digestsLine(options.to));
  return lines;
}
