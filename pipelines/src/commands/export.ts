import { join } from 'node:path';
import { Command, Option } from 'commander';
import { findCheckpoint } from '../checkpoint-argument.ts';
import { shownPath } from '../shown-path.ts';
import { findWorkspace } from '../workspace.ts';

export type ExportFormat = 'tfjs' | 'safetensors' | 'both';

export default new Command('export')
  .description('Write a trained network for stock TensorFlow.js and for PyTorch')
  .argument('<checkpoint>', 'a .safetensors file, the folder of a pretraining stage, or an experiment')
  .option('--to <folder>', 'where to write; each format gets a folder of its own', 'exported')
  .addOption(new Option('--format <format>', 'what to write').choices(['tfjs', 'safetensors', 'both']).default('both'))
  .addHelpText(
    'after',
    `
Examples:
  selfsup export artifacts/rotnet-small/base/seed-1/pretrain
  selfsup export quickstart/rotnet --format tfjs --to public/rotnet`,
  )
  .action(async (checkpoint: string, options: { to: string; format: ExportFormat }) => {
    for (const line of await exportCheckpoint(checkpoint, options)) console.log(line);
  });

/** Exports a checkpoint and returns lines that say what was written. Throws `UserError` as the exporters do. */
export async function exportCheckpoint(
  checkpoint: string,
  options: { readonly to: string; readonly format: ExportFormat },
): Promise<string[]> {
  const file = await findCheckpoint(findWorkspace(), checkpoint);
  const lines: string[] = [];
  if (options.format !== 'safetensors') {
    const folder = join(options.to, 'tfjs');
    const { exportToTfjs } = await import('@selfsup/models/export/tfjs');
    const { models, leftOut } = await exportToTfjs(file, folder);
    lines.push(`TensorFlow.js: ${models.map((name) => shownPath(join(folder, name, 'model.json'))).join(', ')}`);
    if (leftOut.length > 0) {
      lines.push(
        `  left out: ${leftOut.join(', ')} (no plain classifier on the encoder; the safetensors have its weights)`,
      );
    }
  }
  if (options.format !== 'tfjs') {
    const folder = join(options.to, 'safetensors');
    const { exportToSafetensors, weightsFile } = await import('@selfsup/models/export/safetensors');
    const { tensors } = await exportToSafetensors(file, folder);
    lines.push(`safetensors: ${tensors.length} tensors in ${shownPath(join(folder, weightsFile))}`);
  }
  lines.push('Shapes, layouts, normalisation and how to load: README.md beside them.');
  return lines;
}
