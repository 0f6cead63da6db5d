import type { RandomKey } from '@selfsup/kit/random';
import type { FullyConnectedUnit } from '../../building/fully-connected.ts';
import { gaussianInit, heInit, pytorchInit, type LayerInit } from '../../building/layer-init.ts';

/** Where the published AlexNets differ. */
interface Variant {
  /** Channels of conv1 to conv5. */
  readonly channels: readonly [number, number, number, number, number];
  /** Smallest image side in pixels. */
  readonly leastSide: number;
  /** Zeros around conv1's input; conv2 to conv5 keep the size. */
  readonly padding: number;
  /** conv2, conv4 and conv5 in two groups. */
  readonly grouped: boolean;
  /** Of pooling (3×3, stride 2). */
  readonly pool: { readonly padding: number; readonly ceil: boolean };
  /** Pooling after conv5: the last feature map is then pool5, else conv5. */
  readonly pool5: boolean;
  readonly bias: boolean;
  /** First layer with batch norm, and its epsilon. No batch norm where absent. */
  readonly batchNorm?: undefined | { readonly from: number; readonly epsilon: number };
  /** Local response normalisation after pool1 and pool2. */
  readonly localResponseNorm: boolean;
  /** Slope of Leaky ReLU below 0, 0 being ReLU. */
  readonly negativeSlope: number;
  /** How convolution `layer`, counted from 1, begins. */
  convolutionInit(key: RandomKey, layer: number): LayerInit;
  /** fc6 and fc7; absent where no fully connected layers are published. */
  readonly fullyConnected?:
    undefined | { readonly style: FullyConnectedUnit['style']; start(key: RandomKey): LayerInit };
}

/** RotNet's and AET's: torchvision's widths, batch norm, PyTorch's initial weights. */
const rotnet: Variant = {
  channels: [64, 192, 384, 256, 256],
  leastSide: 224,
  padding: 2,
  grouped: false,
  pool: { padding: 0, ceil: false },
  pool5: true,
  bias: true,
  batchNorm: { from: 1, epsilon: 1e-5 },
  localResponseNorm: false,
  negativeSlope: 0,
  convolutionInit: pytorchInit,
  fullyConnected: { style: 'batch-norm', start: pytorchInit },
};

/** DeepCluster's: the 2012 widths, batch norm, neither groups nor local response normalisation. */
const deepcluster: Variant = {
  ...rotnet,
  channels: [96, 256, 384, 384, 256],
  convolutionInit: heInit,
  fullyConnected: { style: 'dropout-before', start: (key) => gaussianInit(key, 0.01) },
};

/** Caffe's reference network after Krizhevsky et al. 2012: groups, normalisation after pooling, fillers of its prototxt. */
const caffe: Variant = {
  ...deepcluster,
  padding: 0,
  grouped: true,
  pool: { padding: 0, ceil: true },
  bias: true,
  batchNorm: undefined,
  localResponseNorm: true,
  convolutionInit: (key, layer) => gaussianInit(key, 0.01, [2, 4, 5].includes(layer) ? 1 : 0),
  fullyConnected: { style: 'dropout-after', start: (key) => gaussianInit(key, 0.005, 1) },
};

/**
 * BiGAN's encoder on 64-pixel images (it pads conv1 and the pools so that the size falls by exact
 * halves): groups, Leaky ReLU, no biases, batch norm from conv2 on, no pooling after conv5.
 */
const bigan: Variant = {
  ...caffe,
  leastSide: 64,
  padding: 5,
  pool: { padding: 1, ceil: false },
  pool5: false,
  bias: false,
  batchNorm: { from: 2, epsilon: 1e-8 },
  localResponseNorm: false,
  negativeSlope: 0.2,
  convolutionInit: (key) => gaussianInit(key, 0.02),
  fullyConnected: undefined,
};

export const variants = { rotnet, deepcluster, caffe, bigan };
