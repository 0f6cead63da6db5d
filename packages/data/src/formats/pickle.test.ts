import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noiseByte } from '../testing/archives.ts';
import { cifarPickle } from '../testing/pickles.ts';
import { readPickle, type PickledBytes } from './pickle.ts';

const pickled = (name: string) => readFile(join(import.meta.dirname, '..', 'testing', `${name}.fixture.pkl`));

describe('readPickle', () => {
  // Written by bench/oracles/write_pickles.py: two images of the bytes 0, 1, 2, … and the labels 3 and 9.
  it.each(['python3-protocol2', 'python3-protocol4'])('reads what Python writes: %s', async (name) => {
    const batch = readPickle(await pickled(name)) as Map<string, unknown>;
    const { shape, bytes } = batch.get('data') as PickledBytes;
    expect(shape).toEqual([2, 3072]);
    expect(Buffer.from(bytes)).toEqual(Buffer.from(Uint8Array.from({ length: 6144 }, (_, i) => i)));
    expect(batch.get('labels')).toEqual([3, 9]);
  });

  it('reads the byte strings of Python 2', () => {
    const data = Uint8Array.from({ length: 6144 }, (_, i) => noiseByte(i));
    const batch = readPickle(cifarPickle(data, 2, { labels: [1, 2] })) as Map<string, unknown>;
    expect(Buffer.from((batch.get('data') as PickledBytes).bytes)).toEqual(Buffer.from(data));
    expect(batch.get('labels')).toEqual([1, 2]);
    expect(batch.get('batch_label')).toBe('training batch 1 of 5');
  });

  it('runs nothing, and refuses what is cut off', async () => {
    const evil = Buffer.from("cos\nsystem\n(S'touch /tmp/evil'\ntR.");
    expect(() => readPickle(evil)).toThrow(/names os\.system, which no data needs/);
    const whole = cifarPickle(new Uint8Array(3072), 1, { labels: [1] });
    expect(() => readPickle(whole.subarray(0, 2000))).toThrow();
    expect(() => readPickle(Buffer.from('text'))).toThrow();
  });
});
