import { compiledStep } from '@selfsup/engine/compiled-step';
import { tf } from '@selfsup/engine/tensorflow';

/** Samples that go through a network together in inference: a bound on memory. */
const INFERENCE_BATCH = 128;

/** What comes out of models applied one after another in inference mode, any number of samples. */
export function infer<Output extends tf.Tensor>(samples: tf.Tensor, ...models: readonly tf.LayersModel[]): Output {
  return compiledStep(() =>
    tf.tidy(() => models.reduce((x, model) => model.predict(x, { batchSize: INFERENCE_BATCH }) as tf.Tensor, samples)),
  ) as Output;
}
