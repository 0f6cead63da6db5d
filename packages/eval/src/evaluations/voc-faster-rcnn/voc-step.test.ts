import { expect, test } from 'vitest';
import { decodeReference } from '@selfsup/models/testing/reference';
import { fasterRcnnAnchors } from '../../detection/anchor-sampling.ts';
import type { AnchorShape } from '../../detection/anchors.ts';
import { proposalNetwork } from '../../detection/proposal-network.ts';
import { ProposingDetector } from '../../detection/proposing-detector.ts';
import { regionHead } from '../../detection/region-head.ts';
import { fasterRcnnSampling } from '../../detection/region-sampling.ts';
import { expectSteps, stepReference, takeHead, withoutDropout, type StepReference } from '../../testing/voc-step.ts';

interface Reference extends StepReference {
  readonly shapes: AnchorShape[];
  readonly objects: number[];
  readonly labels: number[];
  readonly leastSide: number;
  readonly before: number;
  readonly after: number;
  readonly overlap: number;
  readonly filters: number;
}

test('two steps of Faster R-CNN end where PyTorch’s with torchvision’s proposals do', async () => {
  const url = new URL('voc-step.reference.json', import.meta.url);
  const [height, width] = [40, 48];
  const { reference, trunk } = await stepReference<Reference>(url, { height, width });
  const { units, classes, shapes, filters, objects, labels, leastSide, ...rule } = reference;
  const channels = trunk.model.outputs[0]!.shape[3]!;
  const head = withoutDropout(regionHead(channels, { classes, units, key: [0, 0] }));
  const proposals = proposalNetwork({ channels, filters, anchors: shapes.length, key: [0, 0] });
  takeHead(head, reference);
  takeHead(proposals, reference);
  // So many anchors and regions that all are drawn, whatever the key.
  const detector = new ProposingDetector(
    trunk,
    { proposals, head },
    { layer: 'conv3', frozen: undefined },
    {
      ...{ shapes, leastSide, training: rule, testing: rule },
      ...{ anchors: { ...fasterRcnnAnchors, anchors: 10_000 }, rule: { ...fasterRcnnSampling, regions: 80 } },
      scale: {
        mean: new Float32Array(4 * classes),
        deviation: Float32Array.from({ length: 4 * classes }, (_, at) => (at % 4 < 2 ? 0.1 : 0.2)),
      },
    },
  );
  const images = {
    ...{ count: 1, height, width, images: decodeReference(reference.images).data as Uint8Array },
    ...{ rows: new Float32Array(height).fill(1), columns: new Float32Array(width).fill(1) },
    ...{ scales: [[1, 1] as const], sizes: [{ height, width }] },
  };
  detector.prepare(images);
  const truth = { boxes: Float32Array.from(objects), labels };
  expect(detector.parameterGroups.map(({ name }) => name)).toEqual(['weights', 'biases']);
  const step = () => detector.step({ images, truth, key: [3, 4] });
  expectSteps(reference, { trunk, head, proposals }, detector.parameterGroups, step);
  trunk.model.dispose();
  head.dispose();
  proposals.dispose();
});
