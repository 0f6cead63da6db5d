import { z } from 'zod';
import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { allFinite } from '@selfsup/kit/numbers';
import { networkSchema } from './building/network-section.ts';
import { readCheckpoint, writeCheckpoint, type Json, type TensorData } from './checkpoint/checkpoint.ts';
import { assignVariables, modelWeights, variableData } from './checkpoint/weights.ts';
import { configureNetwork, type ConfiguredNetwork, type ImageShape } from './network.ts';

/** What is taken from a pixel (0..255) and what it is then divided by, for each channel. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** All that an encoder file says about itself beside its weights. */
export interface EncoderDescription {
  /** Name of the task that trained it, such as `rotnet`. */
  readonly task: string;
  /** That task's section of the config. */
  readonly taskConfig?: Readonly<Record<string, unknown>> | undefined;
  readonly network: { readonly name: string; readonly config: Readonly<Record<string, unknown>> };
  readonly normalisation: Normalisation;
  readonly step: number;
  readonly epoch: number;
  readonly seed: number;
  /** Whether branches folded into the batch shared their batch-norm statistics. */
  readonly batchNormStatistics: 'joint' | 'per-branch';
}

export interface LoadedEncoder {
  readonly model: tf.LayersModel;
  readonly network: ConfiguredNetwork;
  readonly input: ImageShape;
  readonly normalisation: Normalisation;
  readonly probePoints: readonly string[];
  readonly description: EncoderDescription;
  /** Every tensor of the file: heads too. */
  readonly tensors: ReadonlyMap<string, TensorData>;
}

const shape = z.object({ height: z.int(), width: z.int(), channels: z.int() });
const metadataSchema = z.object({
  task: z.string(),
  taskConfig: z.record(z.string(), z.unknown()).optional(),
  network: z.object({ name: z.string(), config: z.record(z.string(), z.unknown()) }),
  input: shape,
  normalisation: z.object({ mean: z.array(z.number()), std: z.array(z.number()) }),
  step: z.int(),
  epoch: z.int(),
  seed: z.number(),
  batchNormStatistics: z.enum(['joint', 'per-branch']),
});

/**
 * Writes the final checkpoint of a pretraining: all weights of `models`, one of which is named `encoder`,
 * and what is needed to build that encoder again. Holds no dates or places: equal trainings give equal bytes.
 */
export async function saveEncoder(
  path: string,
  models: Readonly<Record<string, tf.LayersModel>>,
  description: EncoderDescription,
): Promise<void> {
  const encoder = models['encoder'];
  if (encoder === undefined) throw new Error(`No model is named 'encoder': ${Object.keys(models).join(', ')}.`);
  const [, height, width, channels] = encoder.inputs[0]!.shape as number[];
  const weights = Object.entries(models).flatMap(([name, model]) => modelWeights(name, model));
  const metadata = { ...description, input: { height, width, channels } };
  await writeCheckpoint(path, {
    tensors: variableData(weights),
    metadata: metadata as unknown as Record<string, Json>,
  });
}

/**
 * Rebuilds a trained encoder from its checkpoint. Throws `UserError` naming the file when it is damaged, is
 * no encoder checkpoint, its weights do not fit the network that it names, or one of them is not finite.
 */
export async function loadEncoder(path: string): Promise<LoadedEncoder> {
  const { tensors, metadata } = await readCheckpoint(path);
  const parsed = metadataSchema.safeParse(metadata);
  if (!parsed.success) {
    throw new UserError('The file is no encoder checkpoint', {
      file: path,
      field: parsed.error.issues[0]!.path.join('.'),
      remedy: "Give the blob 'checkpoint' of a pretraining stage.",
    });
  }
  const { input, ...description } = parsed.data;
  const network = await configureNetwork(
    networkSchema.parse({ ...description.network.config, name: description.network.name }),
  );
  const model = network.build(input, [0, 0]);
  try {
    assignEncoder(model, tensors, path);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return {
    model,
    network,
    input,
    normalisation: description.normalisation,
    probePoints: network.probePoints,
    description,
    tensors,
  };
}

/**
 * Sets all weights of an encoder, statistics of batch norm included, to those of a checkpoint. Throws `UserError` naming the file
 * and the first weight that is missing, of another shape, not finite, or of a layer that the encoder does not have.
 */
export function assignEncoder(model: tf.LayersModel, tensors: ReadonlyMap<string, TensorData>, path: string): void {
  const weights = modelWeights('encoder', model);
  const known = new Set(weights.map((weight) => weight.name));
  const extra = [...tensors.keys()].find((name) => name.startsWith('encoder/') && !known.has(name));
  if (extra !== undefined) {
    throw new UserError(`The checkpoint belongs to another architecture: '${model.name}' has no ${extra}`, {
      file: path,
      field: extra,
      remedy: 'Name the network with which the checkpoint was trained, or run the stage that made it again.',
    });
  }
  assignVariables(weights, tensors, path);
  const broken = weights.find(({ name }) => !allFinite(tensors.get(name)!.data));
  if (broken !== undefined) {
    throw new UserError(`The checkpoint holds NaN or infinity: ${broken.name}`, {
      file: path,
      field: broken.name,
      remedy: 'The training that wrote it diverged: lower its learning rate, and run its stage again.',
    });
  }
}
