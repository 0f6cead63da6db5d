import { join } from 'node:path';
import type { tf } from '@selfsup/engine/tensorflow';
import { modelWeights, tensorData } from '../checkpoint/weights.ts';
import { loadEncoder, type LoadedEncoder } from '../encoder.ts';
import { GROUPED, splitWeight } from './grouped-convolution.ts';
import { pretextHeads } from './pretext-heads.ts';
import { joinTopologies, stockTopology, type StockTopology } from './stock-topology.ts';
import { tfjsReadme } from './tfjs-readme.ts';
import { sumsFile, writeFiles, writeFolder } from './write-folder.ts';

/** What an export wrote. */
export interface TfjsExport {
  /** Names of the models, each a folder with `model.json` and `weights.bin`. */
  readonly models: readonly string[];
  /** Models of the checkpoint that were left out, since they are no plain classifier on the encoder. */
  readonly leftOut: readonly string[];
}

interface NamedWeight {
  /** `<layer>/<weight>`, as stock tfjs looks for it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

/**
 * Writes a trained encoder for stock `@tensorflow/tfjs`: `encoder/model.json` (images to the last feature map, probe
 * points being layers of their names) and, where the checkpoint has one, `classifier/model.json` (images to the
 * pretext task's logits), each with its `weights.bin`, and a README. Both take normalised float32 images
 * `[batch, height, width, channels]`. The folder appears as a whole; an earlier export in it is replaced.
 *
 * Throws `UserError` naming the layer that stock tfjs cannot express, the file that is damaged, or the folder that
 * holds something else.
 */
export async function exportToTfjs(checkpoint: string, folder: string): Promise<TfjsExport> {
  const encoder = await loadEncoder(checkpoint);
  const { heads, others } = pretextHeads(encoder);
  try {
    const topology = stockTopology(encoder.model);
    const weights = namedWeights(encoder.model);
    const models: Record<string, Record<string, string | Uint8Array>> = {
      encoder: modelFiles(encoder, topology, weights),
    };
    for (const head of heads) {
      const name = head.name === 'head' ? 'classifier' : head.name;
      const joined = joinTopologies(topology, stockTopology(head.model), head.name);
      models[name] = modelFiles(encoder, joined.topology, [...weights, ...namedWeights(head.model, joined.renamed)]);
    }
    await writeFolder(folder, ['README.md', sumsFile, ...Object.keys(models)], async (fresh) => {
      for (const [name, files] of Object.entries(models)) await writeFiles(join(fresh, name), files);
      await writeFiles(fresh, { 'README.md': tfjsReadme(encoder, Object.keys(models)) });
    });
    return { models: Object.keys(models), leftOut: others };
  } finally {
    encoder.model.dispose();
    for (const head of heads) head.model.dispose();
  }
}

function namedWeights(model: tf.LayersModel, renamed?: ReadonlyMap<string, string>): NamedWeight[] {
  return modelWeights('model', model).flatMap(({ name, variable }) => {
    const [, layer, weight] = name.split('/') as [string, string, string];
    const ours = model.getLayer(layer);
    const grouped = ours.getClassName() === GROUPED;
    const whole = { layer, weight, value: variable as tf.Tensor };
    const parts = grouped ? splitWeight(whole, ours.getConfig()['groups'] as number) : [whole];
    const named = parts.map((part) => {
      const { shape, data } = tensorData(part.value);
      const values = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return { name: `${renamed?.get(part.layer) ?? part.layer}/${weight}`, shape, values };
    });
    if (grouped) for (const part of parts) part.value.dispose();
    return named;
  });
}

/** `model.json` and `weights.bin` in tfjs's own layers format. */
function modelFiles(
  { description, input, probePoints }: LoadedEncoder,
  topology: StockTopology,
  weights: readonly NamedWeight[],
): Record<string, string | Uint8Array> {
  const manifest = weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const model = {
    format: 'layers-model',
    generatedBy: 'Selfsup',
    convertedBy: null,
    modelTopology: topology,
    weightsManifest: [{ paths: ['weights.bin'], weights: manifest }],
    userDefinedMetadata: { ...description, input, probePoints },
  };
  return {
    'weights.bin': Buffer.concat(weights.map((weight) => weight.values)),
    'model.json': `${JSON.stringify(model, null, 1)}\n`,
  };
}
