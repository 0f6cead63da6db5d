import type { OptimizerConfig } from '@selfsup/models/optimizers/config';
import type { Schedule } from '@selfsup/models/schedules';
import type { DetectorTraining } from '../../detection/detection-settings.ts';
import type { ScaleRule } from '../../detection/scaled-images.ts';

/** How Fast R-CNN is trained on an encoder. */
export interface DetectionProtocol extends DetectorTraining {
  /** Where it was read. */
  readonly source: string;
  /** Each region is looked at at the best of them. */
  readonly testScales: readonly ScaleRule[];
}

const STEPS = 1000;
const IMAGES = 2;

const sgd: OptimizerConfig = {
  ...{ name: 'sgd', momentum: 0.9, nesterov: false, biasLearningRate: 1, weightDecay: 5e-4, excludeFromDecay: [] },
};

const single: readonly ScaleRule[] = [{ side: 600, most: 1000 }];
const multiple: readonly ScaleRule[] = [480, 576, 688, 864, 1200].map((side) => ({ side, most: 2000 }));

/** A rate of 0.001, a tenth of it each so many thousand steps. */
const tenths = (every: number, epochs: number): Schedule => ({
  name: 'steps',
  table: Array.from({ length: Math.ceil(epochs / every) }, (_, i) => ({
    until: Math.min((i + 1) * every, epochs),
    learningRate: Number((0.001 / 10 ** i).toPrecision(6)),
  })),
});

const common: Pick<
  DetectionProtocol,
  'samplesPerEpoch' | 'batchSize' | 'regions' | 'optimizer' | 'batchNorm' | 'units' | 'hidden'
> = {
  ...{ samplesPerEpoch: STEPS * IMAGES, batchSize: IMAGES, regions: 64, optimizer: sgd },
  ...{ batchNorm: 'folded', units: 4096, hidden: 'dropout' },
};

/** By the name that stands in the metrics. */
export const detectionProtocols = {
  'fast-rcnn': {
    ...{ ...common, source: 'rbgirshick/fast-rcnn, CaffeNet', epochs: 40, schedule: tenths(30, 40) },
    ...{ scales: single, testScales: single, difficult: true },
  },
  /** As Jigsaw++ gives it, after Krähenbühl et al. 2016. */
  jigsaw: {
    ...{ ...common, source: 'project page of Jigsaw++ (cvg.unibe.ch)', epochs: 150, schedule: tenths(50, 150) },
    ...{ scales: multiple, testScales: multiple, difficult: true },
  },
  /** On RotNet's AlexNet. */
  rotnet: {
    ...{ ...common, source: 'FeatureDecoupling, caffe_voc_detection', epochs: 200, schedule: tenths(80, 200) },
    ...{ scales: multiple, testScales: single, difficult: true },
  },
} satisfies Record<string, DetectionProtocol>;
export type ProtocolName = keyof typeof detectionProtocols;
