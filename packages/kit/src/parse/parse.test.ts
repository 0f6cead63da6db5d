import { expect, test } from 'vitest';
import { z } from 'zod';
import type { UserError } from '../errors.ts';
import { parseOrExplain } from './parse.ts';

const schema = z.strictObject({
  geometry: z.union([z.enum(['paper', 'small']), z.strictObject({ cell: z.int(), tile: z.int() })]).optional(),
  pooling: z.union([z.strictObject({ max: z.int() }), z.strictObject({ average: z.int() })]).optional(),
  task: z
    .discriminatedUnion('transformation', [
      z.strictObject({ transformation: z.literal('affine'), shear: z.number().optional() }),
      z.strictObject({ transformation: z.literal('projective'), jitter: z.number().optional() }),
    ])
    .optional(),
});

function problem(value: unknown): UserError {
  try {
    parseOrExplain(schema, value, 'experiment.json', 'config');
  } catch (error) {
    return error as UserError;
  }
  throw new Error('accepted');
}

test('a value that no branch of a union takes is told what its kind of value may be', () => {
  expect(problem({ geometry: 'big' })).toMatchObject({
    name: 'UserError',
    message: 'Invalid option: expected one of "paper"|"small"',
    file: 'experiment.json',
    field: 'config.geometry',
  });
  expect(problem({ pooling: 3 })).toMatchObject({
    message: 'Invalid input: expected object, received number',
    field: 'config.pooling',
  });
});

test('of branches that got inside, the one that got furthest speaks', () => {
  expect(problem({ geometry: { cell: 10, tile: 'wide' } })).toMatchObject({
    message: 'Invalid input: expected number, received string',
    field: 'config.geometry.tile',
  });
  expect(problem({ geometry: { cell: 10, tile: 8, gap: 1 } })).toMatchObject({ field: 'config.geometry.gap' });
});

test('an unknown key is held against the keys of its own kind, not of the others', () => {
  const error = problem({ task: { transformation: 'affine', jitter: 0.1 } });
  expect(error).toMatchObject({
    message: "Unknown key 'jitter'",
    field: 'config.task.jitter',
    remedy: 'Known keys here: transformation, shear.',
  });
  expect(problem({ task: { transformation: 'affine', sheer: 0.1 } }).message).toBe(
    "Unknown key 'sheer'; did you mean 'shear'?",
  );
});

test('a key that cannot be one is told why', () => {
  const named = z.record(z.string().regex(/^[a-z]+$/, 'must be small letters'), z.number());
  expect(() => parseOrExplain(named, { A1: 1 }, 'study.json', 'grid')).toThrow(
    expect.objectContaining({ message: 'must be small letters', field: 'grid.A1' }),
  );
});
