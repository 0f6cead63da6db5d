import type { Augment } from '@selfsup/data/augment';
import type { OptimizerConfig } from '@selfsup/models/optimizers/config';
import type { Schedule } from '@selfsup/models/schedules';
import type { FullyConnectedHead } from '../../tuning/multi-label-head.ts';
import type { TrunkBatchNorm } from '../../tuning/trunk.ts';

/** What is trained: the last layer, all above the encoder, or all. */
export type Trained = 'fc8' | 'fc6-8' | 'all';

/** How a published transfer to VOC 2007 classification is done. Its epochs are of 1,000 steps, for nothing hangs on epochs. */
export interface TransferProtocol {
  /** Where it was read. */
  readonly source: string;
  readonly epochs: number;
  readonly samplesPerEpoch: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: Schedule;
  /** What the learning rate is multiplied by for biases. */
  readonly biases: number;
  /** Most that the joint L2 norm of all gradients may be. */
  readonly clipNorm: number;
  /** What becomes of the encoder's batch norm. */
  readonly batchNorm: TrunkBatchNorm;
  /** Whether all layers are first brought to the same rate of change. */
  readonly balance: boolean;
  readonly units: number;
}

/** What cannot be set otherwise. */
interface FixedSettings extends Pick<FullyConnectedHead, 'style' | 'hidden' | 'last'> {
  /** View of a training image, and of each of the random crops of a test image. */
  augment(side: number): Augment;
}

/** Steps of an epoch. */
const STEPS = 1000;
const BATCH = 16;

/** Halves the rate every so many thousand steps. */
function halved(learningRate: number, every: number, epochs: number): Schedule {
  const table = Array.from({ length: Math.ceil(epochs / every) }, (_, i) => ({
    until: Math.min((i + 1) * every, epochs),
    learningRate: learningRate / 2 ** i,
  }));
  return { name: 'steps', table };
}

const optimizer: OptimizerConfig = {
  ...{ name: 'sgd', momentum: 0.9, nesterov: false, biasLearningRate: 1, weightDecay: 1e-6, excludeFromDecay: [] },
};

const common = { optimizer, samplesPerEpoch: STEPS * BATCH, batchSize: BATCH, clipNorm: 10, units: 4096 };

/** By the name that stands in the metrics. */
export const transferProtocols = {
  /** Krähenbühl et al. 2016, whose code BiGAN, Colorization, RotNet and others used. */
  philkr: (): TransferProtocol => ({
    ...{ ...common, source: 'philkr/voc-classification', epochs: 80, schedule: halved(0.001, 10, 80) },
    ...{ biases: 2, batchNorm: 'folded', balance: true },
  }),
  /** DeepCluster's PyTorch code; its rates depend on what is trained. */
  deepcluster: (trained: Trained): TransferProtocol => ({
    ...{ ...common, source: "facebookresearch/deepcluster, 'eval_voc_classif'" },
    ...(trained === 'all'
      ? { epochs: 150, schedule: halved(0.001, 20, 150) }
      : { epochs: 80, schedule: halved(0.003, 5, 80) }),
    ...{ biases: 1, batchNorm: 'frozen', balance: false },
  }),
};
export type ProtocolName = keyof typeof transferProtocols;

/** What of a protocol no config changes. */
export const fixedSettings: Readonly<Record<ProtocolName, FixedSettings>> = {
  philkr: {
    style: 'dropout-after',
    hidden: { std: 0.005, bias: 0.1 },
    last: { std: 0.01, bias: 0.1 },
    augment: (size) => ({ scaledCrop: { size, scale: [0.5, 2] }, flip: true }),
  },
  deepcluster: {
    style: 'dropout-before',
    hidden: { std: 0.01, bias: 0.1 },
    last: { bias: 0.1 },
    augment: (size) => ({ randomResizedCrop: { size, area: [0.1, 0.5], ratio: [1, 1] }, flip: true }),
  },
};
