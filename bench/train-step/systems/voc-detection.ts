import type { tf } from '@selfsup/engine/tensorflow';
import { Detector, regionHead } from '@selfsup/eval/testing/transfer-parts';
import { integer, normal, randomKey } from '@selfsup/kit/random';
import type { System } from '../system.ts';
import { foldedAlexNet, noise, transferStep } from '../transfer.ts';

const [HEIGHT, WIDTH, REGIONS, CLASSES] = [640, 832, 64, 21];

/** The step of `eval/voc-detection` as in `voc-transfer`: Fast R-CNN on images of 600 × 800 in their frames, conv1 frozen. */
const detection: System = {
  title: 'Fast R-CNN on AlexNet, 600 × 800 pixels, 64 regions an image',
  defaults: { width: 64, batch: 2 },
  async step({ width, batch }) {
    const trunk = await foldedAlexNet(width, 224);
    const channels = (trunk.model.getLayer('conv5').output as tf.SymbolicTensor).shape[3]!;
    const head = regionHead(channels, { classes: CLASSES, units: 4096, key: randomKey(1, 'head') });
    const detector = new Detector(trunk, head, { layer: 'conv5', frozen: 'conv1' });
    const count = batch * REGIONS;
    const corners = Array.from({ length: count }, (_, i) => {
      const [left, top] = [integer([1, 2], WIDTH - 240, 4 * i), integer([1, 2], HEIGHT - 240, 4 * i + 1)];
      return [left, top, left + 60 + integer([1, 2], 180, 4 * i + 2), top + 60 + integer([1, 2], 140, 4 * i + 3)];
    }).flat();
    const ones = (length: number) => new Float32Array(length).fill(1);
    const frame = { count: batch, height: HEIGHT, width: WIDTH, images: noise(batch, HEIGHT, WIDTH) };
    const sizes = { scales: [], sizes: [], rows: ones(batch * HEIGHT), columns: ones(batch * WIDTH) };
    detector.prepare(frame);
    return transferStep(
      { encoder: trunk.model, head },
      detector.parameterGroups,
      { step: (regions: Parameters<Detector['step']>[0]) => detector.step(regions) },
      {
        ...{ images: { ...frame, ...sizes }, corners, counts: ones(count) },
        places: Array.from({ length: count }, (_, i) => Math.floor(i / REGIONS)),
        labels: Int32Array.from({ length: count }, (_, i) => (i % REGIONS < REGIONS / 4 ? 1 + (i % (CLASSES - 1)) : 0)),
        offsets: Float32Array.from({ length: 4 * count }, (_, at) => normal([1, 3], at)),
      },
    );
  },
};
export default detection;
