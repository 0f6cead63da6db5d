import type { DetectorTraining } from '../../detection/detection-settings.ts';
import type { ProposalRule } from '../../detection/proposed-regions.ts';
import type { ScaleRule } from '../../detection/scaled-images.ts';

/** How Faster R-CNN is trained on an encoder. */
export interface FasterRcnnProtocol extends DetectorTraining {
  /** Where it was read. */
  readonly source: string;
  readonly testScale: ScaleRule;
  /** Of the proposal network's convolution. */
  readonly filters: number;
  /** Sides in pixels of square anchors, and the ratios of height to width of all. */
  readonly sides: readonly number[];
  readonly ratios: readonly number[];
  /** Anchors of an image that are trained on. */
  readonly anchors: number;
  /** Of proposed regions, in pixels of the stored image. */
  readonly leastSide: number;
  readonly trainProposals: Omit<ProposalRule, 'overlap'>;
  readonly testProposals: Omit<ProposalRule, 'overlap'>;
}

const scale: ScaleRule = { side: 600, most: 1000 };

/** By the name that stands in the metrics. */
export const fasterRcnnProtocols = {
  /** "End to end", on ZF: 70,000 steps of two images, one after the other. An epoch is 1,000 steps. */
  'faster-rcnn': {
    ...{ source: 'rbgirshick/py-faster-rcnn, faster_rcnn_end2end of ZF', epochs: 70, samplesPerEpoch: 2000 },
    ...{ batchSize: 2, regions: 128, scales: [scale], testScale: scale, difficult: false },
    optimizer: {
      ...{ name: 'sgd', momentum: 0.9, nesterov: false, biasLearningRate: 1, weightDecay: 5e-4, excludeFromDecay: [] },
    },
    schedule: {
      name: 'steps',
      table: [
        { until: 50, learningRate: 1e-3 },
        { until: 70, learningRate: 1e-4 },
      ],
    },
    ...{ batchNorm: 'folded', units: 4096, hidden: 'dropout' },
    ...{ filters: 256, sides: [128, 256, 512], ratios: [0.5, 1, 2], anchors: 256, leastSide: 16 },
    ...{ trainProposals: { before: 12_000, after: 2000 }, testProposals: { before: 6000, after: 300 } },
  },
} satisfies Record<string, FasterRcnnProtocol>;
export type FasterRcnnName = keyof typeof fasterRcnnProtocols;
