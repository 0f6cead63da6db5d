import { z } from 'zod';
import { batchNorm, batchNormRelu, dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { ADVERSARIAL_EPSILON, conditionOn } from '../../adversaries.ts';
import { flatten } from '../../building/fully-connected.ts';
import { gaussianInit, type LayerInit } from '../../building/layer-init.ts';
import type { ImageShape, Network } from '../../network.ts';

const schema = z.strictObject({
  /** Units of both hidden layers. */
  width: z.int().min(1).default(1024),
  /** Standard deviation with which the discriminator's last layer begins; at 0 it knows nothing, as published. */
  lastStd: z.number().min(0).default(0),
});
type BiganMlpConfig = z.infer<typeof schema>;

/**
 * BiGAN's network for MNIST, which does not know which pixels are neighbours (Donahue et al. 2017, arXiv:1605.09782):
 * two hidden layers in encoder, generator and discriminator; batch norm, without gain and offset, in all
 * but the first layer of encoder and discriminator. Weights N(0, 0.02), biases 0. Probe points fc1 and fc2 are
 * `[batch, 1, 1, width]`; fc2 is the layer before the code.
 */
const biganMlp: Network<BiganMlpConfig> = {
  schema,
  probePoints: () => ['fc1', 'fc2'],

  build({ width }, input, key) {
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    const fc1 = asMap('fc1', width, leaky('fc1', biased('fc1', width, flatten(image), gaussianInit(key, 0.02))));
    const flat = tf.layers.flatten({ name: 'fc1_flat' }).apply(fc1) as tf.SymbolicTensor;
    const fc2 = normalised('fc2', unbiased('fc2', width, flat, gaussianInit(key, 0.02)));
    return tf.model({ inputs: image, outputs: asMap('fc2', width, fc2), name: 'bigan-mlp' });
  },

  adversaries: ({ width, lastStd }) => ({
    generator(latent: number, image: ImageShape, key: RandomKey) {
      const start = gaussianInit(key, 0.02);
      const code = tf.input({ shape: [latent], name: 'code' });
      let x = rectified('fc1', unbiased('fc1', width, code, start));
      x = rectified('fc2', conditionOn(code, unbiased('fc2', width, x, start), 'fc2', start));
      const size = [image.height, image.width, image.channels];
      const pixels = size.reduce((a, b) => a * b, 1);
      x = dense({ name: 'pixels', units: pixels, activation: 'sigmoid', ...start('pixels', width) }).apply(
        x,
      ) as tf.SymbolicTensor;
      const made = tf.layers.reshape({ name: 'image', targetShape: size }).apply(x) as tf.SymbolicTensor;
      return tf.model({ inputs: code, outputs: made, name: 'generator' });
    },

    discriminator(latent: number | undefined, image: ImageShape, key: RandomKey) {
      const start = gaussianInit(key, 0.02);
      const seen = tf.input({ shape: [image.height, image.width, image.channels], name: 'image' });
      const code = latent === undefined ? undefined : tf.input({ shape: [latent], name: 'code' });
      const fc1 = leaky('fc1', biased('fc1', width, flatten(seen), start));
      const fc2 = normalised('fc2', conditionOn(code, unbiased('fc2', width, fc1, start), 'fc2', start));
      const logit = biased('real', 1, fc2, gaussianInit(key, lastStd));
      return tf.model({ inputs: code ? [seen, code] : seen, outputs: logit, name: 'discriminator' });
    },
  }),
};
export default biganMlp;

function biased(name: string, units: number, x: tf.SymbolicTensor, start: LayerInit): tf.SymbolicTensor {
  const layer = `${name}_linear`;
  return dense({ name: layer, units, ...start(layer, x.shape[1]!) }).apply(x) as tf.SymbolicTensor;
}

function unbiased(name: string, units: number, x: tf.SymbolicTensor, start: LayerInit): tf.SymbolicTensor {
  const layer = `${name}_linear`;
  return dense({ name: layer, units, useBias: false, ...start(layer, x.shape[1]!) }).apply(x) as tf.SymbolicTensor;
}

const plainNorm = (name: string) => ({
  name: `${name}_bn`,
  epsilon: ADVERSARIAL_EPSILON,
  center: false,
  scale: false,
});

function leaky(name: string, x: tf.SymbolicTensor): tf.SymbolicTensor {
  return tf.layers.leakyReLU({ name: `${name}_relu`, alpha: 0.2 }).apply(x) as tf.SymbolicTensor;
}

function normalised(name: string, x: tf.SymbolicTensor): tf.SymbolicTensor {
  return leaky(name, batchNorm(plainNorm(name)).apply(x) as tf.SymbolicTensor);
}

function rectified(name: string, x: tf.SymbolicTensor): tf.SymbolicTensor {
  return batchNormRelu({ ...plainNorm(name), reluName: `${name}_relu` }).apply(x);
}

/** A vector as a feature map of one pixel, in the layer that is the probe point. */
function asMap(name: string, units: number, x: tf.SymbolicTensor): tf.SymbolicTensor {
  return tf.layers.reshape({ name, targetShape: [1, 1, units] }).apply(x) as tf.SymbolicTensor;
}
