import { basename } from 'node:path';
import type { Dataset } from '@selfsup/data/dataset';
import { openProposals } from '@selfsup/data/proposals';
import type { Extent, StageContext, StageInput, StageResult } from '@selfsup/kit/stage';
import { detect } from '../../detection/detect.ts';
import { Detector, type RegionBatch } from '../../detection/detector.ts';
import { offsetScale, regionFeed, type Propose } from '../../detection/region-feed.ts';
import { fastRcnnSampling } from '../../detection/region-sampling.ts';
import { runDetection } from '../../detection/run-detection.ts';
import type { Size } from '../../detection/scaled-images.ts';
import { windowsOver } from '../../detection/windows.ts';
import { resolve, type VocDetectionConfig } from './config.ts';

/** Runs `eval/voc-detection`. Throws `UserError` for proposals of another dataset, and as `runDetection` does. */
export function runVocDetection(context: StageContext<VocDetectionConfig>): Promise<StageResult> {
  const { config, extent, needs } = context;
  const protocol = resolve(config);
  const { regions, batchSize, samplesPerEpoch, scales, testScales } = protocol.settings;
  const input = needs['proposals'];
  return runDetection(context, {
    ...{ name: 'voc-detection', protocol },
    facts: { proposals: input === undefined ? 'windows' : basename(input.blob('proposals')) },
    build({ trunk, layer, head, classes, images, key }) {
      const detector = new Detector(trunk, head, { layer, frozen: config.frozen });
      const { dataset, indices } = images;
      const { propose, close } = proposer(input, dataset, extent);
      const given = { ...images, propose };
      const rule = { ...fastRcnnSampling, regions };
      const scale = offsetScale({ ...given, indices: indices.subarray(0, extent.images) }, classes, rule.least);
      const detecting = { detector, dataset, split: config.test.split, propose, scale, scales: testScales };
      const onSize = (size: Size) => detector.prepare(size);
      return {
        parameterGroups: detector.parameterGroups,
        losses: ['loss', 'classification', 'boxes'],
        step: (batch: RegionBatch) => detector.step(batch),
        feed: regionFeed({ ...given, batchSize, samplesPerEpoch, scales, rule, scale, key, onSize }),
        find: (index) => ({ objects: detect(detecting, index) }),
        close,
      };
    },
  });
}

/** Where regions come from. */
function proposer(
  input: StageInput | undefined,
  dataset: Dataset,
  extent: Extent,
): { propose: Propose; close(): void } {
  const windows: Propose = (split, index) => {
    const { height, width } = dataset.picture(split, index);
    return windowsOver(height, width);
  };
  if (input === undefined) return { propose: windows, close: () => undefined };
  const proposals = openProposals(input.blob('proposals'), dataset.manifest.digest);
  return {
    // In a dry run regions are proposed for the first few images only.
    propose: (split, index) =>
      index >= extent.images && index >= proposals.count(split) ? windows(split, index) : proposals.boxes(split, index),
    close: () => proposals.close(),
  };
}
