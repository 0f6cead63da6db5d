import {
  fullyConvolutional,
  segmentationStep,
  segmenterGroups,
  singleFrames,
} from '@selfsup/eval/testing/transfer-parts';
import { integer, randomKey } from '@selfsup/kit/random';
import type { System } from '../system.ts';
import { foldedAlexNet, noise, transferStep } from '../transfer.ts';

const [HEIGHT, WIDTH, PAD, CLASSES] = [375, 500, 100, 21];

/** The step of `eval/voc-segmentation` as in `voc-transfer`: an FCN on whole images one after another, gradients added up. */
const segmentation: System = {
  title: 'FCN on AlexNet, stride 32, 375 × 500 pixels',
  defaults: { width: 64, batch: 2 },
  async step({ width, batch }) {
    const trunk = await foldedAlexNet(width, HEIGHT + 2 * PAD, WIDTH + 2 * PAD);
    const size = { pad: PAD, skips: [], window: 6, units: 4096, classes: CLASSES };
    const fcn = fullyConvolutional({ trunk: trunk.model, ...size, key: randomKey(1, 'head') });
    const segmenter = { trunk, fcn };
    const ones = (length: number) => new Float32Array(length).fill(1);
    const pixels = batch * HEIGHT * WIDTH;
    const labels = Uint8Array.from({ length: pixels }, (_, at) => integer([1, 3], CLASSES, at));
    const frames = { count: batch, images: noise(batch, HEIGHT, WIDTH), labels };
    return transferStep(
      { encoder: trunk.model, head: fcn.head },
      segmenterGroups(segmenter, 'scores'),
      { step: (one: Parameters<typeof singleFrames>[0]) => segmentationStep(segmenter, one), parts: singleFrames },
      { ...frames, rows: ones(batch * HEIGHT), columns: ones(batch * WIDTH) },
    );
  },
};
export default segmentation;
