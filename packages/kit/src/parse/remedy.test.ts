import { expect, test } from 'vitest';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { parseOrExplain } from './parse.ts';

const schema = z.strictObject({
  epochs: z.int(),
  learningRate: z.number().gt(0),
  momentum: z.number().max(1),
  protocol: z.enum(['rotnet-small', 'asano']),
  turns: z.literal([0, 90]),
  optimizer: z.discriminatedUnion('name', [
    z.strictObject({ name: z.literal('sgd') }),
    z.strictObject({ name: z.literal('adam') }),
  ]),
  geometry: z.union([z.enum(['paper', 'small']), z.strictObject({ tile: z.int() })]),
  layers: z.array(z.string()).min(1),
  flip: z.boolean(),
  task: z.record(z.string(), z.unknown()),
});
const sound = {
  ...{ epochs: 1, learningRate: 1, momentum: 0.9, protocol: 'asano', turns: 0, optimizer: { name: 'sgd' } },
  ...{ geometry: 'paper', layers: ['conv1'], flip: true, task: {} },
};

test.each([
  [{ epochs: 'two' }, 'Give a number in the place of "two".'],
  [{ flip: undefined }, 'Give true or false.'],
  [{ epochs: 1.5 }, 'Give a whole number in the place of 1.5.'],
  [{ learningRate: -1 }, 'Give a number of more than 0 in the place of -1.'],
  [{ momentum: 2 }, 'Give a number of at most 1 in the place of 2.'],
  [
    { protocol: 'rotnet-smal' },
    'Did you mean rotnet-small? Give one of rotnet-small, asano in the place of "rotnet-smal".',
  ],
  [{ turns: 45 }, 'Give one of 0, 90 in the place of 45.'],
  [{ optimizer: { name: 'adamw' } }, 'Did you mean adam? Give one of sgd, adam in the place of "adamw".'],
  [
    { geometry: 'papers' },
    'Did you mean paper? Give one of paper, small, or an object in braces in the place of "papers".',
  ],
  [{ geometry: { tile: 'wide' } }, 'Give a number in the place of "wide".'],
  [{ layers: [] }, 'Give at least 1 entry in the place of [].'],
  [{ layers: 'conv1' }, 'Give a list in brackets in the place of "conv1".'],
  [{ flip: 'yes' }, 'Give true or false in the place of "yes".'],
  [{ task: 3 }, 'Give an object in braces in the place of 3.'],
])('%j is told what may stand there', (change, remedy) => {
  for (const prefix of ['', 'stages.pretrain.config']) {
    let refusal: unknown;
    try {
      parseOrExplain(schema, { ...sound, ...change }, 'experiment.json', prefix);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(UserError);
    expect((refusal as UserError).remedy).toBe(remedy);
  }
});

test('a problem that says itself what is wrong gets no remedy beside it', () => {
  const even = z.strictObject({ batchSize: z.int().refine((size) => size % 2 === 0, 'must be even') });
  expect(() => parseOrExplain(even, { batchSize: 3 }, 'experiment.json')).toThrow(
    expect.objectContaining({ message: 'must be even', remedy: undefined }),
  );
});
