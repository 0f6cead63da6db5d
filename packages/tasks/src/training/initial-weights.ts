import type { tf } from '@selfsup/engine/tensorflow';
import type { StageInput } from '@selfsup/kit/stage';
import { readCheckpoint } from '@selfsup/models/checkpoint';
import { assignEncoder } from '@selfsup/models/encoder';

/** Sets all weights of an encoder to those of the stage that fills the role `init`, such as a k-means initialisation. */
export type InitialWeights = (encoder: tf.LayersModel) => void;

/**
 * Reads the checkpoint of the stage that a training begins from. Throws `UserError` for a file that is none; what it gives
 * throws as `assignEncoder` does.
 */
export async function initialWeights(init: StageInput): Promise<InitialWeights> {
  const file = init.blob('checkpoint');
  const { tensors } = await readCheckpoint(file);
  return (encoder) => assignEncoder(encoder, tensors, file);
}
