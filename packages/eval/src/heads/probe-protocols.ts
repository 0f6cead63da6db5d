import { augmentSchema, type Augment } from '@selfsup/data/augment';
import { optimizerSchema, type OptimizerConfig } from '@selfsup/models/optimizers/config';
import type { Schedule } from '@selfsup/models/schedules';
import type { Pooling } from '../features/pooling-config.ts';
import type { InitialiserName, ProbeNorm } from './head-config.ts';

/** A published way to train and test linear probes at conv1…conv5. */
export interface ProbeProtocol {
  /** Where it was read. */
  readonly source: string;
  /** What of it we do not know or do not do; its results are then marked as differing. */
  readonly differs?: string;
  /** The network, and the side of its images in pixels, that it is published for. */
  readonly network: 'alexnet' | 'cfn';
  readonly side: number;
  /** Of conv1 to conv5. */
  readonly pooling: readonly [Pooling, Pooling, Pooling, Pooling, Pooling];
  readonly batchNorm: ProbeNorm;
  /** Share of their old value that batch norm's moving statistics keep in a step: 1 less PyTorch's `momentum`; 0.9 where absent. */
  readonly batchNormDecay?: number;
  readonly initialiser: InitialiserName;
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: Schedule;
  /** Views of the training images. */
  readonly augment: Augment;
  /** Views of the test images, and what is averaged where there are several. */
  readonly testView: Augment;
  readonly average: 'logits' | 'softmax';
}

type Five<T> = readonly [T, T, T, T, T];
const five = <T, R>([a, b, c, d, e]: Five<T>, f: (value: T) => R): Five<R> => [f(a), f(b), f(c), f(d), f(e)];

/** Bins a side: at most 9,600 features for 64-192-384-256-256 channels, and for the 96-256-384-384-256 of 2012. */
const rotnetBins: Five<number> = [12, 7, 5, 6, 6];
const zhangSides: Five<number> = [10, 6, 5, 5, 6];
/** DeepCluster's and Asano's windows on maps of 55, 27 and three times 13: 10, 6, 5, 5 and 6 of them a side. */
const deepclusterWindows: Five<{ size: number; stride: number; padding: number }> = [
  { size: 6, stride: 6, padding: 3 },
  { size: 4, stride: 4, padding: 0 },
  { size: 3, stride: 3, padding: 1 },
  { size: 3, stride: 3, padding: 1 },
  { size: 2, stride: 2, padding: 0 },
];
const visslDeepclusterWindows: typeof deepclusterWindows = [
  { size: 19, stride: 4, padding: 0 },
  { size: 12, stride: 3, padding: 0 },
  { size: 9, stride: 1, padding: 0 },
  { size: 9, stride: 1, padding: 0 },
  { size: 8, stride: 1, padding: 0 },
];
/** On the maps of the Jigsaw trunk, whose conv1 has stride 2, at 227 pixels. */
const jigsawWindows: typeof deepclusterWindows = [
  { size: 28, stride: 9, padding: 0 },
  { size: 24, stride: 6, padding: 0 },
  { size: 14, stride: 3, padding: 0 },
  { size: 14, stride: 3, padding: 0 },
  { size: 16, stride: 2, padding: 0 },
];

const view = (augment: object): Augment => augmentSchema.parse(augment);
const sgd = (settings: object): OptimizerConfig => optimizerSchema.parse({ name: 'sgd', ...settings });
const steps = (...table: [until: number, learningRate: number][]): Schedule => ({
  name: 'steps',
  table: table.map(([until, learningRate]) => ({ until, learningRate })),
});
const randomCrop = (side: number): Augment => view({ resize: 256, randomCrop: side, flip: true });
const centreCrop = (side: number): Augment => view({ resize: 256, centreCrop: side });

const rotnet: ProbeProtocol = {
  source: 'RotNet repository, ImageNet linear classifiers',
  network: 'alexnet',
  side: 224,
  pooling: five(rotnetBins, (bins) => ({ adaptiveMax: bins })),
  batchNorm: true,
  initialiser: 'rotnet',
  epochs: 35,
  batchSize: 192,
  optimizer: sgd({ momentum: 0.9, nesterov: true, weightDecay: 5e-4 }),
  schedule: steps([5, 0.01], [15, 0.002], [25, 0.0004], [35, 0.00008]),
  augment: randomCrop(224),
  testView: centreCrop(224),
  average: 'logits',
};

const aet: ProbeProtocol = {
  ...rotnet,
  source: 'AET repository, ImageNet linear classifiers',
  epochs: 65,
  schedule: steps([5, 0.01], [25, 0.002], [45, 0.0004], [65, 0.00008]),
};

const vissl: ProbeProtocol = {
  ...rotnet,
  source: 'VISSL repository, AlexNet linear benchmark',
  batchNorm: 'affine',
  initialiser: 'torch',
  epochs: 28,
  batchSize: 256,
  optimizer: sgd({ momentum: 0.9, nesterov: false, weightDecay: 5e-4, excludeFromDecay: ['normalisation'] }),
  schedule: steps([8, 0.01], [16, 0.001], [24, 0.0001], [28, 0.00001]),
};

/** By the name that stands in the metrics. */
export const probeProtocols = {
  zhang: {
    ...rotnet,
    source: 'colorization repository, feature_learning_tests',
    differs: 'its solver file is not to be had: initial weights, optimiser, schedule and epochs are those of vissl',
    side: 227,
    pooling: five(zhangSides, (side) => ({ resize: side })),
    initialiser: 'torch',
    epochs: vissl.epochs,
    batchSize: 64,
    optimizer: sgd({ momentum: 0.9, nesterov: false, weightDecay: 5e-4 }),
    schedule: vissl.schedule,
    augment: randomCrop(227),
    testView: centreCrop(227),
  },
  rotnet,
  'aet-max': aet,
  'aet-avg': { ...aet, pooling: five(rotnetBins, (bins) => ({ adaptiveAverage: bins })) },
  deepcluster: {
    ...rotnet,
    source: 'DeepCluster repository, eval_linear.py with the settings of its script',
    pooling: five(deepclusterWindows, (window) => ({ average: window })),
    batchNorm: false,
    initialiser: 'torch',
    epochs: 90,
    batchSize: 256,
    optimizer: sgd({ momentum: 0.9, nesterov: false, weightDecay: 1e-7 }),
    schedule: { name: 'inverse-square-root', learningRate: 0.01, decay: 1e-7 },
    augment: view({ resize: 256, randomCrop: 224, within: 256, flip: true }),
    testView: view({ resize: 256, tenCrop: 224 }),
    average: 'softmax',
  },
  asano: {
    ...rotnet,
    source: 'linear-probes repository of the single-image paper',
    pooling: five(deepclusterWindows, (window) => ({ max: window })),
    initialiser: 'xavier',
    epochs: 36,
    optimizer: sgd({ momentum: 0.9, nesterov: false, weightDecay: 1e-5 }),
    schedule: steps([10, 0.01], [20, 0.001], [30, 0.0001], [36, 0.00001]),
    augment: view({ randomResizedCrop: { size: 224 }, flip: true }),
    testView: view({ resize: 256, tenCrop: 224 }),
    average: 'logits',
  },
  fair: {
    ...vissl,
    source: 'FAIR self-supervision benchmark repository, AlexNet Jigsaw; 140,000 iterations are 28 epochs',
    differs: 'its noise along the principal components of colour is left out',
    network: 'cfn',
    side: 227,
    pooling: five(jigsawWindows, (window) => ({ average: window })),
    batchNorm: true,
    batchNormDecay: 0.999,
    initialiser: 'gaussian',
    optimizer: sgd({ momentum: 0.9, nesterov: false, weightDecay: 5e-4 }),
    augment: view({ resize: 256, centreCrop: 227, flip: true }),
    testView: centreCrop(227),
  },
  'vissl-rotnet': vissl,
  'vissl-deepcluster': { ...vissl, pooling: five(visslDeepclusterWindows, (window) => ({ average: window })) },
  'vissl-jigsaw': {
    ...vissl,
    differs: 'its test images are squeezed to squares; ours keep their shape',
    network: 'cfn',
    side: 227,
    pooling: five(jigsawWindows, (window) => ({ average: window })),
    batchNormDecay: 0.999,
    augment: randomCrop(227),
    testView: centreCrop(227),
  },
} as const satisfies Readonly<Record<string, ProbeProtocol>>;

export type ProtocolName = keyof typeof probeProtocols;
export const protocolNames = Object.keys(probeProtocols) as ProtocolName[];
