import { z } from 'zod';
import { maxPool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { convolutionUnit } from '../../building/convolution-unit.ts';
import { requireSides } from '../../building/image-size.ts';
import { heInit } from '../../building/layer-init.ts';
import type { ImageShape, Network } from '../../network.ts';

const schema = z.strictObject({
  /** Channels of conv1; conv2 to conv5 have 3, 6, 4 and 4 times as many, which 64 makes those of RotNet's AlexNet. */
  width: z.int().min(1).default(64),
});
type AlexNetSmallConfig = z.infer<typeof schema>;

const POINTS = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'];

/**
 * AlexNet for 32-pixel images: the five convolutions of RotNet's AlexNet with batch norm, the first one 5×5 without a
 * stride. `convN` is convolution N after its ReLU and before pooling: conv1 `[batch, 32, 32, width]`, conv2
 * `[batch, 16, 16, 3 width]`, conv3 to conv5 `[batch, 8, 8, 6, 4 and 4 width]`; the last feature map is `pool5`
 * `[batch, 4, 4, 4 width]`. Ours, for studies on CIFAR: no published number belongs to it.
 *
 * Building throws `UserError` for images smaller than 8 pixels.
 */
const alexnetSmall: Network<AlexNetSmallConfig> = {
  schema,

  probePoints: () => POINTS,

  build({ width }: AlexNetSmallConfig, input: ImageShape, key: RandomKey): tf.LayersModel {
    requireSides('alexnet-small', input, 8, 'Prepare larger images.');
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    let x: tf.SymbolicTensor = image;
    [1, 3, 6, 4, 4].forEach((times, index) => {
      const layer = index + 1;
      const kernelSize = layer <= 2 ? 5 : 3;
      x = convolutionUnit(x, {
        name: `conv${layer}`,
        filters: times * width,
        kernelSize,
        padding: (kernelSize - 1) / 2,
        bias: false,
        start: heInit(key),
        batchNormEpsilon: 1e-5,
      });
      if (layer !== 3 && layer !== 4) x = maxPool({ name: `pool${layer}`, size: 3, stride: 2, padding: 1 }).apply(x);
    });
    return tf.model({ inputs: image, outputs: x, name: 'alexnet-small' });
  },
};
export default alexnetSmall;
