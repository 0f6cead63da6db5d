import { compiledStep } from '@selfsup/engine/compiled-step';
import { tf } from '@selfsup/engine/tensorflow';

/** Samples that go through a network together in inference: a bound on memory. */
const INFERENCE_BATCH = 128;

/** What comes out of models applied one after another in inference mode, any number of samples. */
export function infer<Output extends tf.Tensor>(samples: tf.Tensor, ...models: readonly tf.LayersModel[]): Output {
  const through = (part: tf.Tensor): tf.Tensor =>
    tf.tidy(() => models.reduce((x, model) => model.predictOnBatch(x) as tf.Tensor, part));
  const count = samples.shape[0]!;
  if (count <= INFERENCE_BATCH) return compiledStep(() => through(samples)) as Output;
  return tf.tidy(() => {
    const parts: tf.Tensor[] = [];
    // Each is a step of its own: within one, TensorFlow would be free to begin all of them at once.
    for (let start = 0; start < count; start += INFERENCE_BATCH) {
      const size = Math.min(INFERENCE_BATCH, count - start);
      const part = samples.slice([start], [size]);
      parts.push(compiledStep(() => through(part)));
      part.dispose();
    }
    return tf.concat(parts);
  }) as Output;
}
