import { UserError } from '@selfsup/engine/errors';
import type { StageInput } from '@selfsup/engine/stage';
import type { tf } from '@selfsup/engine/tensorflow';
import { readCheckpoint } from '@selfsup/models/checkpoint';
import { assignVariables, modelWeights } from '@selfsup/models/weights';

/**
 * Sets all weights of an encoder, statistics of batch norm included, to those of the stage that fills the role `init`, such as
 * a k-means initialisation. Throws `UserError` naming the file and the first weight that does not fit.
 */
export type InitialWeights = (encoder: tf.LayersModel) => void;

/** Reads the checkpoint of the stage that a training begins from. Throws `UserError` for a file that is none. */
export async function initialWeights(init: StageInput): Promise<InitialWeights> {
  const file = init.blob('checkpoint');
  const { tensors } = await readCheckpoint(file);
  return (encoder) => {
    const weights = modelWeights('encoder', encoder);
    const known = new Set(weights.map(({ name }) => name));
    const extra = [...tensors.keys()].find((name) => name.startsWith('encoder/') && !known.has(name));
    if (extra !== undefined) {
      throw new UserError(`The checkpoint belongs to another architecture: this network has no ${extra}`, {
        file,
        field: extra,
        remedy: `Give the stage '${init.ref}' the network of the stage that begins from it.`,
      });
    }
    assignVariables(weights, tensors, file);
  };
}
