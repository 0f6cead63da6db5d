import { z } from 'zod';
import { batchNormRelu, conv2d } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey } from '@selfsup/kit/random';
import { heFanOut } from '../../building/initialisers.ts';
import type { Network } from '../../network.ts';

// The "network" section of a config without its name. Strict: a key that is not named here is an error.
const schema = z.strictObject({
  /** Channels of the first layer; each further one has twice as many. */
  width: z.int().min(1).default(32),
});
type PartNameConfig = z.infer<typeof schema>;

const LAYERS = 3;

/**
 * Three units of 3×3 convolution with stride 2, batch norm and ReLU. For 32×32 images: conv1 [batch, 16, 16, width],
 * conv2 [batch, 8, 8, 2 · width], conv3 [batch, 4, 4, 4 · width].
 */
const partNameNetwork: Network<PartNameConfig> = {
  schema,

  // Layers that evaluations may read, from the image to the last feature map.
  probePoints: () => Array.from({ length: LAYERS }, (_, index) => `conv${index + 1}`),

  build({ width }, input, key) {
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    let x: tf.SymbolicTensor = image;
    for (let layer = 1; layer <= LAYERS; layer++) {
      const convolution = conv2d({
        name: `layer${layer}`,
        filters: width * 2 ** (layer - 1),
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        // Batch norm has an offset of its own.
        useBias: false,
        // A key for each layer: the same seed gives the same weights, whatever else is built.
        kernelInitializer: heFanOut(deriveKey(key, `layer${layer}`)),
      });
      const unit = batchNormRelu({ name: `norm${layer}`, reluName: `conv${layer}` });
      x = unit.apply(convolution.apply(x) as tf.SymbolicTensor);
    }
    return tf.model({ inputs: image, outputs: x, name: 'part-name' });
  },
};
export default partNameNetwork;
