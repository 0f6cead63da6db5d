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

  it('reads text and numbers of protocol 0', () => {
    const plain = Buffer.from("(dS'a\\x41\\n'\nI-3\nsVé\\u263a\nL5L\nsS'b'\nI01\ns.", 'latin1');
    expect(readPickle(plain)).toEqual(new Map<string, unknown>([['aA\n', -3], ['é☺', 5], ['b', true]])); // prettier-ignore
  });

  // Each was a TypeError of the program, or killed it: a list that says that it has billions of elements, spread.
  it.each<[string, string, RegExp]>([
    ['a list with a length of its own', ']}U\x06lengthJ\xff\xff\xff\x7fsb.', /sets a state of what has none/],
    ['a call of a number', 'K\x01)R.', /calls what cannot be called/],
    ['a call with no arguments', 'cnumpy\nndarray\nNR.', /calls what cannot be called/],
    ['a step without its beginning', ']e.', /lacks its beginning/],
    ['a step on nothing', 'a.', /nothing to work on/],
    ['a value of the memo that is not there', 'h\x05.', /a value that is not there/],
    ['an addition to a number', 'K\x01(K\x02e.', /adds to what is no list/],
    ['a key of a list', '](K\x01K\x02u.', /what is no dictionary/],
    ['a key without a value', '}(K\x01u.', /a key has no value/],
    ['a state of nothing', 'N}b.', /sets a state of what has none/],
    ['an object of a class', 'cnumpy\ndtype\n)\x81.', /a step of code 129/],
    ['bytes of a number', 'c_codecs\nencode\nK\x05\x85R.', /something else than bytes/],
    ['an array without a shape', 'cnumpy\nndarray\n)R(K\x01Ncnumpy\ndtype\n(U\x02u1tR\x89U\x00tb.', /without a shape/],
    ['a number of twenty bytes', `\x8a\x14${'\x01'.repeat(20)}.`, /more than eight bytes/],
    ['a protocol to come', '\x80\x09.', /unknown protocol 9/],
  ])('refuses %s in words', (_what, pickle, says) => {
    expect(() => readPickle(Buffer.from(pickle, 'latin1'))).toThrow(says);
  });
});
