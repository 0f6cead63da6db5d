import { z } from 'zod';
import { localResponseNorm, sobel } from '@selfsup/engine/layers';
import { maxPool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { convolutionUnit } from '../../building/convolution-unit.ts';
import { flatten, fullyConnectedUnit } from '../../building/fully-connected.ts';
import { requireSides } from '../../building/image-size.ts';
import type { ImageShape, Network } from '../../network.ts';
import { variants } from './variants.ts';

const schema = z.strictObject({
  /**
   * `rotnet` (AET's too) and `deepcluster`: batch norm, for 224-pixel images; `caffe`: groups and local response
   * normalisation, for 227 (or 224); `bigan`: BiGAN's encoder, for 64 or 112.
   */
  variant: z.enum(['rotnet', 'deepcluster', 'caffe', 'bigan']).default('rotnet'),
  /** Fixed front end of DeepCluster: grey, then its Sobel gradients along x and y. */
  sobel: z.boolean().default(false),
  /** What the published numbers of channels are multiplied by; results are rounded to even numbers. */
  widthMultiplier: z.number().positive().default(1),
  /** Units of fc6 and of fc7, which lie between the last feature map and a classifier. */
  fullyConnected: z.int().min(1).default(4096),
});
type AlexNetConfig = z.infer<typeof schema>;

const POINTS = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'];

/**
 * AlexNet (Krizhevsky et al. 2012) as the self-supervised systems use it. `convN` is convolution N after its ReLU and
 * before pooling, where all published probes look: conv1 `[batch, 55, 55, 64]`, conv2 `[batch, 27, 27, 192]`, conv3 to
 * conv5 `[batch, 13, 13, …]` for 224-pixel images. The last feature map is `pool5` `[batch, 6, 6, 256]` (BiGAN: conv5).
 * See docs/networks.md for the layers.
 *
 * Building throws `UserError` for images smaller than the variant's.
 */
const alexnet: Network<AlexNetConfig> = {
  schema: schema.refine((config) => config.variant !== 'bigan' || !config.sobel, {
    path: ['sobel'],
    message: 'BiGAN encodes colour images: no Sobel front end',
  }),

  probePoints: () => POINTS,

  build(config: AlexNetConfig, input: ImageShape, key: RandomKey): tf.LayersModel {
    const variant = variants[config.variant];
    requireSides(
      `alexnet (${config.variant})`,
      input,
      variant.leastSide,
      "Prepare larger images, or name 'alexnet-small' for 32-pixel ones.",
    );
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    let x: tf.SymbolicTensor = config.sobel ? sobel({ name: 'sobel' }).apply(image) : image;
    variant.channels.forEach((channels, index) => {
      const layer = index + 1;
      x = convolutionUnit(x, {
        name: `conv${layer}`,
        filters: Math.max(2, 2 * Math.round((channels * config.widthMultiplier) / 2)),
        kernelSize: [11, 5, 3, 3, 3][index]!,
        stride: layer === 1 ? 4 : 1,
        padding: [variant.padding, 2, 1, 1, 1][index]!,
        groups: variant.grouped && [2, 4, 5].includes(layer) ? 2 : 1,
        bias: variant.bias,
        start: variant.convolutionInit(key, layer),
        batchNormEpsilon: variant.batchNorm && layer >= variant.batchNorm.from ? variant.batchNorm.epsilon : undefined,
        negativeSlope: variant.negativeSlope,
      });
      if (layer <= 2 || (layer === 5 && variant.pool5)) {
        x = maxPool({ name: `pool${layer}`, size: 3, stride: 2, ...variant.pool }).apply(x);
      }
      if (layer <= 2 && variant.localResponseNorm) {
        x = localResponseNorm({ name: `norm${layer}` }).apply(x) as tf.SymbolicTensor;
      }
    });
    return tf.model({ inputs: image, outputs: x, name: 'alexnet' });
  },

  embed(config: AlexNetConfig, features: tf.SymbolicTensor, key: RandomKey): tf.SymbolicTensor {
    const { fullyConnected } = variants[config.variant];
    const flat = flatten(features);
    if (fullyConnected === undefined) return flat;
    return ['fc6', 'fc7'].reduce(
      (x, name) =>
        fullyConnectedUnit(x, {
          name,
          units: config.fullyConnected,
          style: fullyConnected.style,
          start: fullyConnected.start(key),
        }),
      flat,
    );
  },
};
export default alexnet;
