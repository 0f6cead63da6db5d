import { conv2d } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import type { FeatureShape } from '@selfsup/models/heads';
import { uniformFanIn } from '@selfsup/models/initialisers';
import type { ImageShape } from '@selfsup/models/network';
import { convolutionUnit, heInit } from '@selfsup/models/units';

/**
 * From a feature map to an image `[batch, height, width, channels]` of normalised pixels: each pixel is doubled (nearest
 * neighbour) and passed through a 3×3 convolution of `width` channels, batch norm and ReLU, until the image's size is
 * reached; a last 3×3 convolution makes the colours. Throws `UserError` where doubling does not lead to that size.
 */
export function upsamplingDecoder(
  [height, width, channels]: FeatureShape,
  image: ImageShape,
  filters: number,
  key: RandomKey,
): tf.LayersModel {
  const doublings = Math.log2(image.height / height);
  if (!Number.isInteger(doublings) || doublings < 0 || width * 2 ** doublings !== image.width) {
    throw new UserError(
      `Doubling feature maps of ${height} × ${width} does not give ${image.height} × ${image.width}`,
      {
        field: 'network',
        remedy: 'Take a network whose last feature map is a half, a quarter or an eighth of the image, such as nin.',
      },
    );
  }
  const features = tf.input({ shape: [height, width, channels], name: 'features' });
  let x: tf.SymbolicTensor = features;
  for (let layer = 1; layer <= doublings; layer++) {
    x = tf.layers.upSampling2d({ name: `up${layer}`, size: [2, 2] }).apply(x) as tf.SymbolicTensor;
    x = convolutionUnit(x, {
      name: `unit${layer}`,
      filters,
      kernelSize: 3,
      padding: 1,
      bias: false,
      start: heInit(key),
      batchNormEpsilon: 1e-5,
    });
  }
  const fanIn = 9 * x.shape[3]!;
  const colours = conv2d({
    name: 'colours',
    filters: image.channels,
    kernelSize: 3,
    padding: 'same',
    kernelInitializer: uniformFanIn(deriveKey(key, 'colours', 'kernel'), fanIn),
    biasInitializer: uniformFanIn(deriveKey(key, 'colours', 'bias'), fanIn),
  });
  return tf.model({ inputs: features, outputs: colours.apply(x) as tf.SymbolicTensor, name: 'decoder' });
}
