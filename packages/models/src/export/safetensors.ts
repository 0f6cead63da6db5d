import { join } from 'node:path';
import type { tf } from '@selfsup/engine/tensorflow';
import { writeCheckpoint, type Json } from '../checkpoint/checkpoint.ts';
import { modelWeights } from '../checkpoint/weights.ts';
import { loadEncoder, type LoadedEncoder } from '../encoder.ts';
import { pretextHeads } from './pretext-heads.ts';
import { pytorchLines } from './pytorch-network.ts';
import { safetensorsReadme, type PytorchModel } from './safetensors-readme.ts';
import type { StockTopology } from './stock-topology.ts';
import { sumsFile, writeFiles, writeFolder } from './write-folder.ts';

/** Name of the weights' file in the exported folder. */
export const weightsFile = 'weights.safetensors';

/** What an export wrote. */
export interface SafetensorsExport {
  /** Names of the tensors, sorted. */
  readonly tensors: readonly string[];
  /** Models that the README builds in PyTorch. */
  readonly inPytorch: readonly string[];
}

/**
 * Writes the weights of a trained encoder and its heads, without optimiser state, as `weights.safetensors` with a README
 * that lists every tensor's name, shape and layout, the normalisation, and a PyTorch program that loads and runs them.
 * The file is itself a checkpoint that `loadEncoder` reads. The folder appears as a whole; an earlier export in it is
 * replaced. Throws `UserError` when the checkpoint is damaged or the folder holds something else.
 */
export async function exportToSafetensors(checkpoint: string, folder: string): Promise<SafetensorsExport> {
  const encoder = await loadEncoder(checkpoint);
  const { heads } = pretextHeads(encoder);
  const models = [{ name: 'encoder', model: encoder.model }, ...heads];
  try {
    const tensors = new Map([...encoder.tensors].filter(([name]) => !name.startsWith('optimizer/')));
    const pytorch = models.flatMap(({ name, model }) => {
      const lines = linesOf(model);
      return lines === undefined ? [] : [{ name, lines }];
    });
    const usable: PytorchModel[] = pytorch[0]?.name === 'encoder' ? pytorch : [];
    await writeFolder(folder, ['README.md', sumsFile, weightsFile], async (fresh) => {
      await writeCheckpoint(join(fresh, weightsFile), { tensors, metadata: metadataOf(encoder) });
      await writeFiles(fresh, { 'README.md': safetensorsReadme({ ...encoder, tensors }, usable, weightsFile) });
    });
    return { tensors: [...tensors.keys()].sort(), inPytorch: usable.map(({ name }) => name) };
  } finally {
    for (const { model } of models) model.dispose();
  }
}

function linesOf(model: tf.LayersModel): string[] | undefined {
  const shapes = new Map(modelWeights('', model).map(({ name, variable }) => [name.slice(1), variable.shape]));
  return pytorchLines(model.toJSON(undefined, false) as unknown as StockTopology, shapes);
}

function metadataOf({ description, input }: LoadedEncoder): Record<string, Json> {
  return { ...description, input } as unknown as Record<string, Json>;
}
