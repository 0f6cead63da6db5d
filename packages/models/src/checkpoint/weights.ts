import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { TensorData } from './checkpoint.ts';

/** One weight of a model under the name that it has in checkpoints, gradients and optimiser slots. */
export interface NamedVariable {
  /** `<model>/<layer>/<weight>`, such as `encoder/block1_conv1/kernel`. */
  readonly name: string;
  readonly variable: tf.Variable;
}

/** Weights of a model; `trainableOnly` leaves out batch norm's moving statistics. Order: layer by layer. */
export function modelWeights(prefix: string, model: tf.LayersModel, trainableOnly = false): NamedVariable[] {
  return model.layers.flatMap((layer) =>
    (trainableOnly ? layer.trainableWeights : layer.weights).map((weight) => ({
      name: `${prefix}/${layer.name}/${weight.originalName.split('/').at(-1)!}`,
      variable: weight.read() as tf.Variable,
    })),
  );
}

/** Number of trainable parameters, batch norm's gain and offset included. */
export function parameterCount(...models: tf.LayersModel[]): number {
  return models.flatMap((model) => modelWeights('', model, true)).reduce((sum, { variable }) => sum + variable.size, 0);
}

/** Copies values out of the device: float32, int32 or bool as bytes. */
export function tensorData(tensor: tf.Tensor): TensorData {
  return { shape: [...tensor.shape], data: tensor.dataSync().slice() };
}

/** Values of named variables, ready for a checkpoint. */
export function variableData(variables: readonly NamedVariable[]): Map<string, TensorData> {
  return new Map(variables.map(({ name, variable }) => [name, tensorData(variable)]));
}

/**
 * Sets variables from checkpoint tensors of the same names and shapes; tensors of other names are ignored.
 * Throws `UserError` naming `file` and the first tensor that is missing or of another shape: the
 * checkpoint then belongs to another architecture.
 */
export function assignVariables(
  variables: readonly NamedVariable[],
  tensors: ReadonlyMap<string, TensorData>,
  file?: string,
): void {
  for (const { name, variable } of variables) {
    const found = requireTensor(tensors, name, variable.shape, file);
    const value = tf.tensor(found.data, [...found.shape], variable.dtype);
    variable.assign(value);
    value.dispose();
  }
}

/** The tensor of that name and shape. Throws `UserError` as `assignVariables` does. */
export function requireTensor(
  tensors: ReadonlyMap<string, TensorData>,
  name: string,
  shape: readonly number[],
  file?: string,
): TensorData {
  const found = tensors.get(name);
  if (found?.shape.join() === shape.join()) return found;
  const has = found === undefined ? 'has no such tensor' : `has shape [${found.shape.join(', ')}]`;
  throw new UserError(
    `The checkpoint belongs to another architecture: ${name} should have shape [${shape.join(', ')}], the file ${has}`,
    { file, field: name, remedy: 'Name the network and width with which the checkpoint was trained.' },
  );
}
