import { expect, test } from 'vitest';
import { decodeReference } from '@selfsup/models/testing/reference';
import { Detector } from '../../detection/detector.ts';
import { regionHead } from '../../detection/region-head.ts';
import { expectSteps, stepReference, takeHead, withoutDropout, type StepReference } from '../../testing/voc-step.ts';

interface Reference extends StepReference {
  readonly corners: number[];
  readonly places: number[];
  readonly labels: number[];
  readonly counts: number[];
  readonly offsets: number[];
}

test('two steps of Fast R-CNN end where PyTorch’s with torchvision’s RoI pooling do', async () => {
  const url = new URL('voc-step.reference.json', import.meta.url);
  const [height, width] = [32, 40];
  const { reference, trunk } = await stepReference<Reference>(url, { height, width });
  const { units, classes, corners, places, labels, counts, offsets } = reference;
  const head = withoutDropout(regionHead(trunk.model.outputs[0]!.shape[3]!, { classes, units, key: [0, 0] }));
  takeHead(head, reference);
  const detector = new Detector(trunk, head, { layer: 'conv3', frozen: undefined });
  const ones = (length: number) => new Float32Array(length).fill(1);
  const images = {
    ...{ count: 2, height, width, images: decodeReference(reference.images).data as Uint8Array },
    ...{ rows: ones(2 * height), columns: ones(2 * width), scales: [[1, 1] as const, [1, 1] as const], sizes: [] },
  };
  detector.prepare(images);
  const batch = {
    ...{ images, corners, places, labels: Int32Array.from(labels) },
    ...{ counts: Float32Array.from(counts), offsets: Float32Array.from(offsets) },
  };
  expect(detector.parameterGroups.map(({ name }) => name)).toEqual(['weights', 'biases']);
  expectSteps(reference, { trunk, head }, detector.parameterGroups, () => detector.step(batch));
  trunk.model.dispose();
  head.dispose();
});
