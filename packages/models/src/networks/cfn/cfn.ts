import { z } from 'zod';
import { localResponseNorm } from '@selfsup/engine/layers';
import { maxPool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { convolutionUnit } from '../../building/convolution-unit.ts';
import { flatten, fullyConnectedUnit } from '../../building/fully-connected.ts';
import { requireSides } from '../../building/image-size.ts';
import { gaussianInit } from '../../building/layer-init.ts';
import type { ImageShape, Network } from '../../network.ts';

const schema = z.strictObject({
  /** `local-response` as published; `batch`: batch norm after each convolution instead, and no biases. */
  normalisation: z.enum(['local-response', 'batch']).default('local-response'),
  /** What the published numbers of channels are multiplied by; results are rounded to even numbers. */
  widthMultiplier: z.number().positive().default(1),
  /** Units of fc6, shared by the tiles: 1024 in the released Jigsaw network, 512 in the paper's text and recognition net. */
  fullyConnected: z.int().min(1).default(1024),
});
type CfnConfig = z.infer<typeof schema>;

const POINTS = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'];
const CHANNELS = [96, 256, 384, 384, 256];

/**
 * Trunk of the Context-Free Network (Noroozi & Favaro 2016, arXiv:1603.09246, fig. 3), for one tile or a whole image:
 * Caffe's AlexNet with stride 2 in conv1. `convN` is convolution N after its ReLU and before pooling. A 64-pixel tile gives
 * conv1 `[batch, 27, 27, 96]`, conv2 `[batch, 13, 13, 256]`, conv3 to conv5 `[batch, 6, 6, …]` and, thanks to Caffe's
 * rounding up in pooling, `pool5` `[batch, 3, 3, 256]`, the last feature map; an image of 225 pixels 108, 54, 27 and 13
 * wide maps. No weight depends on the size of the image, so those trained on tiles serve whole images too. fc6, the
 * embedding, does depend on it: it belongs to tiles.
 *
 * Building throws `UserError` for tiles smaller than 64 pixels.
 */
const cfn: Network<CfnConfig> = {
  schema,

  probePoints: () => POINTS,

  build(config: CfnConfig, input: ImageShape, key: RandomKey): tf.LayersModel {
    requireSides('cfn', input, 64, "Cut larger tiles, or name 'nin' for small images.");
    const batch = config.normalisation === 'batch';
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: 'image' });
    let x: tf.SymbolicTensor = image;
    CHANNELS.forEach((channels, index) => {
      const layer = index + 1;
      const halves = [2, 4, 5].includes(layer);
      x = convolutionUnit(x, {
        name: `conv${layer}`,
        filters: Math.max(2, 2 * Math.round((channels * config.widthMultiplier) / 2)),
        kernelSize: [11, 5, 3, 3, 3][index]!,
        stride: layer === 1 ? 2 : 1,
        padding: [0, 2, 1, 1, 1][index]!,
        groups: halves ? 2 : 1,
        bias: !batch,
        start: gaussianInit(key, 0.01, halves ? 1 : 0),
        batchNormEpsilon: batch ? 1e-5 : undefined,
      });
      if (layer !== 3 && layer !== 4) x = maxPool({ name: `pool${layer}`, size: 3, stride: 2, ceil: true }).apply(x);
      if (layer <= 2 && !batch) x = localResponseNorm({ name: `norm${layer}` }).apply(x) as tf.SymbolicTensor;
    });
    return tf.model({ inputs: image, outputs: x, name: 'cfn' });
  },

  embed: (config: CfnConfig, features: tf.SymbolicTensor, key: RandomKey): tf.SymbolicTensor =>
    fullyConnectedUnit(flatten(features), {
      name: 'fc6',
      units: config.fullyConnected,
      style: 'dropout-after',
      start: gaussianInit(key, 0.005, 1),
    }),
};
export default cfn;
