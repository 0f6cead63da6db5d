import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';

/** A weight of tfjs's, whose variable we replace; its typings keep it private. */
interface WeightHolder {
  val: tf.Variable;
}

/**
 * Makes `twin`, the same network built for images of another size, compute with the weights of `original`: both read and
 * move the same variables, batch norm's statistics too. Its own weights are freed. Dispose only the original. Throws
 * `UserError` where the size of the image changes a weight's shape, as it does below fully connected layers.
 */
export function shareWeights(original: tf.LayersModel, twin: tf.LayersModel): void {
  const [theirs, own] = [original.weights, twin.weights];
  own.forEach((weight, index) => {
    const shared = theirs[index];
    if (shared?.originalName !== weight.originalName || String(shared.shape) !== String(weight.shape)) {
      throw new UserError(`The network's ${weight.originalName} depends on the size of the image`, {
        field: 'network.name',
        remedy: 'Use a network that is convolutional throughout.',
      });
    }
  });
  own.forEach((weight, index) => {
    const holder = weight as unknown as WeightHolder;
    holder.val.dispose();
    holder.val = (theirs[index] as unknown as WeightHolder).val;
  });
}
