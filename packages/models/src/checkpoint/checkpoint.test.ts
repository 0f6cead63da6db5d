import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);

const checkpoint: Checkpoint = {
  tensors: new Map([
    ['encoder/b/kernel', { shape: [2, 3], data: Float32Array.of(1, -2.5, 3e-30, 4, 5, 6) }],
    ['mask', { shape: [3], data: Uint8Array.of(1, 0, 1) }],
    ['encoder/a/bias', { shape: [], data: Float32Array.of(7) }],
    ['count', { shape: [1], data: Int32Array.of(-9) }],
    ['empty', { shape: [0, 4], data: new Float32Array(0) }],
  ]),
  metadata: { step: 12, name: 'größe', nested: { list: [1, 0.1, null] } },
};

describe('checkpoint', () => {
  test('reads back what was written', async () => {
    await writeCheckpoint(file('a'), checkpoint);
    const { tensors, metadata } = await readCheckpoint(file('a'));
    expect(metadata).toEqual(checkpoint.metadata);
    expect(new Map([...tensors].sort())).toEqual(new Map([...checkpoint.tensors].sort()));
  });

  test('equal content gives equal bytes, whatever the order in which it was put together', async () => {
    const reversed = new Map([...checkpoint.tensors].reverse());
    const metadata = Object.fromEntries(Object.entries(checkpoint.metadata).reverse());
    await writeCheckpoint(file('b1'), checkpoint);
    await writeCheckpoint(file('b2'), { tensors: reversed, metadata });
    expect(readFileSync(file('b2'))).toEqual(readFileSync(file('b1')));
  });

  test('is a safetensors file: length, JSON header, then tensors without gaps', async () => {
    await writeCheckpoint(file('c'), checkpoint);
    const bytes = readFileSync(file('c'));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    expect(length % 8).toBe(0);
    expect(header['encoder/b/kernel']).toMatchObject({ dtype: 'F32', shape: [2, 3] });
    const [from] = header['encoder/b/kernel'].data_offsets;
    expect(bytes.readFloatLE(8 + length + from + 4)).toBe(-2.5);
    for (const value of Object.values(header['__metadata__'])) expect(value).toBeTypeOf('string');
    const spans = Object.entries<{ data_offsets: number[] }>(header)
      .filter(([name]) => name !== '__metadata__')
      .map(([, entry]) => entry.data_offsets as [number, number])
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    expect(spans.map((span) => span[0])).toEqual([0, ...spans.slice(0, -1).map((span) => span[1])]);
    expect(spans.at(-1)![1]).toBe(bytes.length - 8 - length);
  });

  test('notices a flip of any byte', async () => {
    await writeCheckpoint(file('d'), checkpoint);
    const bytes = readFileSync(file('d'));
    let noticed = 0;
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1 << (at % 8);
      writeFileSync(file('d2'), altered);
      await readCheckpoint(file('d2')).catch((error: unknown) => {
        if (error instanceof UserError && error.file === file('d2')) noticed += 1;
      });
    }
    expect(noticed).toBe(bytes.length);
  });

  test('notices bytes that are missing or too many', async () => {
    await writeCheckpoint(file('e'), checkpoint);
    const bytes = readFileSync(file('e'));
    for (const length of [0, 5, 8, 100, bytes.length - 1]) {
      writeFileSync(file('e2'), bytes);
      truncateSync(file('e2'), length);
      await expect(readCheckpoint(file('e2'))).rejects.toThrow(/damaged/);
    }
    writeFileSync(file('e2'), Buffer.alloc(bytes.length)); // as a power cut may leave it
    await expect(readCheckpoint(file('e2'))).rejects.toThrow(/damaged/);
    writeFileSync(file('e2'), Buffer.concat([bytes, Buffer.of(0)]));
    await expect(readCheckpoint(file('e2'))).rejects.toThrow(/damaged/);
  });

  test('names a file that is not there, and one that is no checkpoint', async () => {
    await expect(readCheckpoint(file('none'))).rejects.toMatchObject({ name: 'UserError', file: file('none') });
    writeFileSync(file('text'), 'not a checkpoint, just text that is long enough');
    await expect(readCheckpoint(file('text'))).rejects.toMatchObject({
      ...{ name: 'UserError', file: file('text'), message: 'This file is no checkpoint of Selfsup' },
      remedy: 'Name a checkpoint that Selfsup wrote.',
    });
    // Of another program, in the same format.
    const header = Buffer.from('{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(file('foreign'), Buffer.concat([length, header, Buffer.alloc(4)]));
    await expect(readCheckpoint(file('foreign'))).rejects.toThrow('This file is no checkpoint of Selfsup');
  });

  test.each<[string, (header: Record<string, Record<string, unknown>>) => void, RegExp]>([
    ['offsets that are none', (header) => (header['mask']!['data_offsets'] = 7), /lists the tensor mask in no way/],
    ['half a number', (header) => (header['count']!['data_offsets'] = [0, 3]), /lists the tensor count in no way/],
    ['another shape', (header) => (header['mask']!['shape'] = [5]), /lists the tensor mask in no way/],
    ['an unknown type', (header) => (header['mask']!['dtype'] = 'F64'), /lists the tensor mask in no way/],
    ['null for a tensor', (header) => Object.assign(header, { mask: null }), /lists the tensor mask in no way/],
    ['no version', (header) => delete header['__metadata__']!['version'], /no version or metadata/],
    ['metadata that is no JSON', (header) => (header['__metadata__']!['metadata'] = 'x'), /is no JSON object/],
  ])('refuses %s under a digest that holds', async (_what, change, says) => {
    await writeCheckpoint(file('g'), checkpoint);
    const bytes = readFileSync(file('g'));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, Record<string, unknown>>;
    change(header);
    header['__metadata__']!['digest'] = '0'.repeat(64);
    const text = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    const whole = Buffer.concat([size, text, bytes.subarray(8 + length)]);
    whole.write(createHash('sha256').update(whole).digest('hex'), whole.indexOf('"digest":"') + 10);
    writeFileSync(file('g'), whole);
    const error: unknown = await readCheckpoint(file('g')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(says);
  });

  test('refuses a tensor whose shape does not fit its values', async () => {
    const tensors = new Map([['x', { shape: [3], data: new Float32Array(2) }]]);
    await expect(writeCheckpoint(file('f'), { tensors, metadata: {} })).rejects.toThrow('x: 2 values for shape [3]');
  });
});
