import { fullyConnectedHead, multiLabelGroups, multiLabelStep } from '@selfsup/eval/testing/transfer-parts';
import { integer, randomKey } from '@selfsup/kit/random';
import { featureShapeOf } from '@selfsup/models/heads';
import type { System } from '../system.ts';
import { foldedAlexNet, noise, transferStep } from '../transfer.ts';

const [SIDE, CLASSES, CLIP] = [224, 20, 10];

/** The step of `eval/voc-classification` as in `voc-transfer`: all layers, folded batch norm, gradients clipped together. */
const classification: System = {
  title: 'VOC classification, all layers of AlexNet, 224 pixels',
  defaults: { width: 64, batch: 16 },
  async step({ width, batch }) {
    const trunk = await foldedAlexNet(width, SIDE);
    const head = fullyConnectedHead({
      ...{ shape: featureShapeOf(trunk.model), classes: CLASSES, units: 4096, style: 'dropout-after' },
      ...{ hidden: { std: 0.005, bias: 0.1 }, last: { std: 0.01, bias: 0.1 }, key: randomKey(1, 'head') },
    });
    const network = { trunk, head, trained: 'all' } as const;
    const shown = Float32Array.from({ length: batch * CLASSES }, (_, at) => Number(integer([1, 2], 10, at) === 0));
    const targets = { shown, weights: shown.map(() => 1) };
    return transferStep<Uint8Array>(
      { encoder: trunk.model, head },
      multiLabelGroups(network, { biases: 2 }),
      { step: (images) => multiLabelStep(network, images, targets, CLIP) },
      noise(batch, SIDE, SIDE),
      1e-6,
    );
  },
};
export default classification;
