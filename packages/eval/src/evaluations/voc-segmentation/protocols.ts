import type { OptimizerConfig } from '@selfsup/models/optimizers/config';
import type { Schedule } from '@selfsup/models/schedules';
import type { FastBiases } from '../../segmentation/segmenter.ts';
import type { TrunkBatchNorm } from '../../tuning/trunk.ts';

/** How a fully convolutional network is trained. An epoch of the published ones is 1,000 steps. */
export interface SegmentationProtocol {
  /** Where it was read. */
  readonly source: string;
  readonly epochs: number;
  readonly samplesPerEpoch?: number;
  /** Images to a step. */
  readonly batchSize: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: Schedule;
  /** Which biases learn twice as fast and do not decay. */
  readonly fastBiases: FastBiases;
  /** Zeros around the image; the least that the network needs where absent. */
  readonly pad?: number;
  /** Side of a random square to train on; whole images where absent. */
  readonly crop?: number;
  readonly flip: boolean;
  readonly batchNorm: TrunkBatchNorm;
  readonly units: number;
}

const sgd: OptimizerConfig = {
  ...{ name: 'sgd', momentum: 0.9, nesterov: false, biasLearningRate: 1, weightDecay: 5e-4, excludeFromDecay: [] },
};

/** FCN-AlexNet: 20 whole images to a step. */
const fcn: SegmentationProtocol = {
  source: 'fcn.berkeleyvision.org, voc-fcn-alexnet',
  ...{ epochs: 100, samplesPerEpoch: 20_000, batchSize: 20, optimizer: sgd, fastBiases: 'scores' },
  schedule: { name: 'constant', learningRate: 1e-4 },
  ...{ pad: 100, flip: false, batchNorm: 'folded', units: 4096 },
};

/** By the name that stands in the metrics. */
export const segmentationProtocols = {
  fcn,
  zhang: {
    ...fcn,
    source: 'richzhang/colorization, its segmentation transfer',
    epochs: 150,
    schedule: {
      name: 'steps',
      table: [1e-4, 1e-5, 1e-6].map((learningRate, i) => ({ until: 50 * (i + 1), learningRate })),
    },
    fastBiases: 'all',
  },
  /** Ours, for networks whose batch norm goes on: random squares, so that a batch has one size. */
  'batch-norm': {
    source: 'ours',
    ...{ epochs: 60, batchSize: 16, optimizer: sgd, fastBiases: 'none', crop: 320, flip: true, batchNorm: 'trained' },
    ...{ schedule: { name: 'cosine', learningRate: 0.01, final: 0 }, units: 512 },
  },
} satisfies Record<string, SegmentationProtocol>;
export type ProtocolName = keyof typeof segmentationProtocols;
