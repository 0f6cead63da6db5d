import { test } from 'vitest';
import { decodeReference, type ReferenceArray } from '@selfsup/models/testing/reference';
import { fullyConvolutional } from '../../segmentation/fcn.ts';
import { singleFrames, type Frames } from '../../segmentation/frames.ts';
import { segmentationStep, segmenterGroups } from '../../segmentation/segmenter.ts';
import { expectSteps, stepReference, takeHead, withoutDropout, type StepReference } from '../../testing/voc-step.ts';

interface Reference extends StepReference {
  readonly labels: ReferenceArray;
  readonly sizes: readonly [number, number][];
  readonly pad: number;
  readonly window: number;
}

test.each([
  ['together', false],
  ['one after another', true],
])('two steps of an FCN with a finer map, on images of two sizes, %s, end where PyTorch’s do', async (_, inParts) => {
  const url = new URL('voc-step.reference.json', import.meta.url);
  const [height, width, padded] = [20, 24, 6];
  const { reference, trunk } = await stepReference<Reference>(url, {
    height: height + 2 * padded,
    width: width + 2 * padded,
  });
  const { units, classes, pad, window, sizes } = reference;
  const options = { trunk: trunk.model, pad, skips: ['conv1'], window, units, classes, key: [0, 0] as const };
  const fcn = fullyConvolutional(options);
  withoutDropout(fcn.head);
  takeHead(fcn.head, reference);
  const frames: Frames = {
    count: 2,
    images: decodeReference(reference.images).data as Uint8Array,
    labels: decodeReference(reference.labels).data as Uint8Array,
    rows: Float32Array.from({ length: 2 * height }, (_, at) =>
      Number(at % height < sizes[Math.floor(at / height)]![0]),
    ),
    columns: Float32Array.from({ length: 2 * width }, (_, at) =>
      Number(at % width < sizes[Math.floor(at / width)]![1]),
    ),
  };
  const segmenter = { trunk, fcn };
  const groups = segmenterGroups(segmenter, 'all');
  const single = singleFrames(frames);
  const step = (part: number) => segmentationStep(segmenter, inParts ? single[part]! : frames);
  expectSteps(reference, { trunk, head: fcn.head }, groups, step, inParts ? 2 : 1);
  trunk.model.dispose();
  fcn.head.dispose();
});
