import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import { Draws } from '../bench/faults/hostile/draws.ts';
import { fault, unclear } from '../bench/faults/hostile/judge.ts';
import { readerOf, type Format } from '../bench/faults/hostile/readers.ts';
import { mutated } from '../bench/faults/mutate.ts';

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inputs = 32;

describe('fuzzed files', () => {
  test.each<Format>(['png', 'tar', 'zip', 'pickle', 'idx', 'mat-mask', 'voc-xml', 'coco-json', 'dataset-json'])(
    'of %s mostly get past the first check, and are read or refused with a reason',
    async (format) => {
      const { seeds, shaped, firstCheck, read } = await readerOf(format, join(folder, format));
      let stopped = 0;
      for (let i = 0; i < inputs; i++) {
        const bytes = mutated(seeds, shaped, new Draws(2, format, i));
        expect(mutated(seeds, shaped, new Draws(2, format, i)).equals(bytes)).toBe(true);
        const said = await read(bytes).catch((error: unknown) => {
          expect(fault(error)).toBeUndefined();
          return [(error as Error).message];
        });
        for (const reason of said) expect(unclear(reason)).toBeUndefined();
        if (said.some((reason) => firstCheck.test(reason))) stopped += 1;
      }
      expect(stopped).toBeLessThanOrEqual(inputs / 2);
    },
  );

  test('are not taken for refused where the program erred', () => {
    expect(fault(new TypeError('x is not a function'))).toMatch(/no UserError/);
    const cause = new RangeError('The value of "offset" is out of range');
    expect(fault(new UserError('The file is damaged', { cause }))).toMatch(/caused by RangeError/);
    expect(fault(new UserError(`meta.mat: ${cause.message}`))).toMatch(/unclear/);
    expect(fault(new UserError('meta.mat: it ends inside an element'))).toBeUndefined();
    expect(unclear("cannot be decoded: Cannot read properties of undefined (reading 'x')")).toMatch(/unclear/);
    expect(unclear('"undefined" is none of the 2 classes')).toBeUndefined();
  });
});
