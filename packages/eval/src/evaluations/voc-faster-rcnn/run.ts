import { deriveKey } from '@selfsup/kit/random';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { fasterRcnnAnchors } from '../../detection/anchor-sampling.ts';
import { anchorShapes } from '../../detection/anchors.ts';
import { bestObjects } from '../../detection/detect.ts';
import { imageFeed, type TrainingImage } from '../../detection/image-feed.ts';
import { proposalNetwork } from '../../detection/proposal-network.ts';
import { ProposingDetector, type Proposing } from '../../detection/proposing-detector.ts';
import { bestOverlaps } from '../../detection/recall.ts';
import { fasterRcnnSampling, type OffsetScale } from '../../detection/region-sampling.ts';
import { runDetection } from '../../detection/run-detection.ts';
import { scaledBoxes, scaledImages, type Size } from '../../detection/scaled-images.ts';
import { imagesAtScales, objectsOf } from '../../detection/training-images.ts';
import { resolve, type VocFasterRcnnConfig } from './config.ts';
import { requirePositives } from './require-positives.ts';

/** What two proposed regions may overlap at most. */
const OVERLAP = 0.7;
/** Offsets of regions are divided by these, of every class. */
const DEVIATIONS = [0.1, 0.1, 0.2, 0.2];

/** Runs `eval/voc-faster-rcnn`. Throws `UserError` as `requirePositives` and `runDetection` do. */
export function runVocFasterRcnn(context: StageContext<VocFasterRcnnConfig>): Promise<StageResult> {
  const { config } = context;
  const protocol = resolve(config);
  const { settings } = protocol;
  const { regions, filters, leastSide, anchors, batchSize, samplesPerEpoch, scales, testScale } = settings;
  const shapes = anchorShapes(settings);
  return runDetection(context, {
    ...{ name: 'voc-faster-rcnn', protocol },
    build({ trunk, layer, channels, head, classes, images, tested, key }) {
      const shape = { channels, filters, anchors: shapes.length, key: deriveKey(key, 'proposals') };
      const proposals = proposalNetwork(shape);
      const how: Proposing = {
        ...{ shapes, leastSide, anchors: { ...fasterRcnnAnchors, anchors } },
        training: { ...settings.trainProposals, overlap: OVERLAP },
        testing: { ...settings.testProposals, overlap: OVERLAP },
        ...{ rule: { ...fasterRcnnSampling, regions }, scale: scaleOf(classes) },
      };
      const detector = new ProposingDetector(trunk, { proposals, head }, { layer, frozen: config.frozen }, how);
      requirePositives(images, scales, (frame) => detector.anchors(frame), how.anchors);
      const onSize = (size: Size) => detector.prepare(size);
      const { dataset, split } = tested;
      // Frames that are too small are refused before training, not after it.
      for (const { frame } of imagesAtScales(tested, [testScale])) detector.prepare(frame);
      return {
        networks: { proposals },
        parameterGroups: detector.parameterGroups,
        losses: ['loss', 'objectness', 'anchors', 'classification', 'boxes'],
        parts: (batch: readonly TrainingImage[]) => batch.map((image) => [image]),
        step: ([image]: readonly TrainingImage[]) => detector.step(image!),
        feed: imageFeed({ ...images, batchSize, samplesPerEpoch, scales, key, onSize }),
        find(index) {
          const scaled = scaledImages(dataset, split, [{ index, flip: false, scale: testScale }]);
          const found = detector.look(scaled);
          const [down, across] = scaled.scales[0]!;
          const own = scaledBoxes(found.regions, [1 / down, 1 / across]);
          const { boxes } = objectsOf({ dataset, split, difficult: false }, index);
          return {
            objects: bestObjects(own, found.scores, how.scale, scaled.sizes[0]!),
            proposals: { count: own.length / 4, overlaps: [...bestOverlaps(boxes, own)] },
          };
        },
      };
    },
  });
}

function scaleOf(classes: number): OffsetScale {
  const deviation = Float32Array.from({ length: 4 * classes }, (_, at) => DEVIATIONS[at % 4]!);
  return { mean: new Float32Array(4 * classes), deviation };
}
