import { expect, test } from 'vitest';
import { decodeReference } from '@selfsup/models/testing/reference';
import { expectSteps, stepReference, takeHead, withoutDropout, type StepReference } from '../../testing/voc-step.ts';
import { fullyConnectedHead } from '../../tuning/multi-label-head.ts';
import { multiLabelGroups, multiLabelStep } from '../../tuning/multi-label.ts';

interface Reference extends StepReference {
  readonly presence: number[];
  readonly clip: number;
}

test('two steps on folded batch norm, difficult classes left out, clipped, end where PyTorch’s do', async () => {
  const url = new URL('voc-step.reference.json', import.meta.url);
  const { reference, trunk } = await stepReference<Reference>(url, { height: 16, width: 16 });
  const { units, classes, presence, clip } = reference;
  const shape = trunk.model.outputs[0]!.shape.slice(1) as [number, number, number];
  const begins = { hidden: { std: 1, bias: 0 }, last: { bias: 0 }, key: [0, 0] as const };
  const head = withoutDropout(fullyConnectedHead({ shape, classes, units, style: 'dropout-after', ...begins }));
  takeHead(head, reference);
  const network = { trunk, head, trained: 'all' } as const;
  const images = decodeReference(reference.images).data as Uint8Array;
  const targets = {
    shown: Float32Array.from(presence, (flag) => Number(flag === 1)),
    weights: Float32Array.from(presence, (flag) => Number(flag !== 0)),
  };
  const groups = multiLabelGroups(network, { biases: 2 });
  expect(groups.map(({ rate }) => rate ?? 1)).toEqual([1, 2]);
  expectSteps(reference, network, groups, () => multiLabelStep(network, images, targets, clip));
  trunk.model.dispose();
  head.dispose();
});
