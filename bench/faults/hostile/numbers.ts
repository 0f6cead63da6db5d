import { createHash } from 'node:crypto';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { blindChange } from '../mutate.ts';
import type { Draws } from './draws.ts';
import { changedJson } from './json.ts';
import { behind } from './pictures.ts';

/** An IDX file, packed or not, with another size, with as much data as it says or not, or other values. */
export function changedIdx(seed: Buffer, draws: Draws): Buffer {
  const isPacked = seed[0] === 0x1f;
  const idx = isPacked ? gunzipSync(seed) : seed;
  const dimensions = idx[3]!;
  const start = 4 + 4 * dimensions;
  const shape = Array.from({ length: dimensions }, (_, i) => idx.readUInt32BE(4 + 4 * i));
  let data = idx.subarray(start);
  if (draws.chance(60)) {
    shape[draws.below(dimensions)] = draws.of([0, 1, 2, 3, 5, 28, 56, 2 ** 16, 2 ** 31, 2 ** 32 - 1]);
    const size = shape.reduce((product, one) => product * one, 1);
    if (draws.chance(80) && size < 2 ** 20) data = Buffer.concat([data, Buffer.alloc(size)]).subarray(0, size);
  } else data = blindChange(data, draws);
  const head = Buffer.from(idx.subarray(0, start));
  shape.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i));
  if (draws.chance(5)) head[2] = draws.of([0, 9, 11, 13, 14]);
  const changed = Buffer.concat([head, data]);
  return isPacked ? gzipSync(changed, { level: 1 }) : changed;
}

/** CIFAR's binary version with records changed, doubled or taken out, other labels, or, seldom, cut off. */
export const changedRecords =
  (recordBytes: number) =>
  (seed: Buffer, draws: Draws): Buffer => {
    const bytes = Buffer.from(seed);
    const at = recordBytes * draws.below(Math.floor(bytes.length / recordBytes));
    switch (draws.below(6)) {
      case 0:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + recordBytes)]);
      case 1:
        return Buffer.concat([bytes, bytes.subarray(at, at + recordBytes)]);
      case 2:
        return draws.chance(20) ? blindChange(bytes, draws) : bytes;
      case 3:
        if (bytes.length > 0) bytes[at] = draws.of([0, 9, 10, 100, 255]);
        return bytes;
      default:
        if (bytes.length > 0) bytes[draws.below(bytes.length)] = draws.below(256);
        return bytes;
    }
  };

/** A `.npy` with another type, shape, order or version, its lengths put right. */
export function changedNpy(seed: Buffer, draws: Draws): Buffer {
  const start = 10 + seed.readUInt16LE(8);
  let text = seed.toString('latin1', 10, start).trimEnd();
  let data = seed.subarray(start);
  const shapes = [
    '',
    '12,',
    '0, 4',
    '4, 0',
    '-1, 3',
    '4294967296, 0',
    '9007199254740993, 3',
    '2, 2, 3',
    '1 2',
    ',',
    '4, 3, 1, 1',
    '4, 2',
  ];
  switch (draws.below(9)) {
    case 0:
      text = text.replace(
        /'descr': '[^']*'/,
        `'descr': '${draws.of(['<f4', '<i4', '<u4', '<f8', '<i8', '|u1', '|O', '>f4', '__proto__', ''])}'`,
      );
      break;
    case 1:
    case 2:
    case 6:
      text = text.replace(/\([^)]*\)/, `(${draws.of(shapes)})`);
      break;
    case 3:
      text = text.replace('False', draws.of(['True', 'None', '0']));
      break;
    case 4:
    case 7:
    case 8:
      data = draws.chance(50) ? Buffer.concat([data, data]) : data.subarray(0, draws.below(data.length));
      break;
    default:
      text = text.replace(draws.of(["'shape'", "'descr'", ': ', '{', '}']), draws.of(["'x'", '', ' ']));
  }
  const padded = Math.ceil((10 + text.length + 1) / 64) * 64;
  const head = Buffer.alloc(padded, ' ');
  seed.copy(head, 0, 0, 8);
  if (draws.chance(5)) head[6] = draws.of([0, 2, 3]);
  head.writeUInt16LE(padded - 10, 8);
  head.write(`${text}`, 10, 'latin1');
  head[padded - 1] = 10;
  return Buffer.concat([head, data]);
}

interface Element {
  type: number;
  data: Buffer;
}

function elementsOf(bytes: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const tag = bytes.readUInt32LE(at);
    if (tag >>> 16 !== 0) {
      elements.push({ type: tag & 0xffff, data: bytes.subarray(at + 4, at + 4 + (tag >>> 16)) });
      at += 8;
      continue;
    }
    const length = bytes.readUInt32LE(at + 4);
    elements.push({ type: tag, data: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + (tag === 15 ? length : Math.ceil(length / 8) * 8);
  }
  return elements;
}

function packedElements(elements: readonly Element[]): Buffer {
  return Buffer.concat(
    elements.flatMap(({ type, data }) => {
      const tag = Buffer.alloc(8);
      tag.writeUInt32LE(type, 0);
      tag.writeUInt32LE(data.length, 4);
      return [tag, data, Buffer.alloc(type === 15 ? 0 : (8 - (data.length % 8)) % 8)];
    }),
  );
}

/** One element changed, or one within it; lengths fit again. */
function changedElements(bytes: Buffer, draws: Draws, depth = 0): Buffer {
  const elements = elementsOf(bytes);
  const which = draws.below(elements.length);
  const element = elements[which];
  if (element === undefined) return bytes;
  if (element.type === 15 && draws.chance(90)) {
    try {
      elements[which] = { type: 15, data: deflateSync(changedElements(inflateSync(element.data), draws, depth)) };
    } catch {
      return bytes;
    }
  } else if (element.type === 14 && element.data.length > 0 && draws.chance(90)) {
    elements[which] = { type: 14, data: changedElements(element.data, draws, depth + 1) };
  } else {
    switch (draws.below(6)) {
      case 0:
        elements.splice(which, 1);
        break;
      case 1:
        elements.splice(which, 0, element);
        break;
      case 2:
        elements[which] = { ...element, type: draws.of([0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14, 15, 16, 17, 99]) };
        break;
      case 3:
        elements[which] = { ...element, data: element.data.subarray(0, draws.below(element.data.length)) };
        break;
      case 4:
        elements[which] = { type: 14, data: packedElements([...elements.slice(0, 3), element]) };
        break;
      default:
        elements[which] = { ...element, data: blindChange(element.data, draws) };
    }
  }
  return packedElements(elements);
}

/** A MATLAB file with an element changed, doubled, nested or taken out, at any depth, also inside what is packed. */
export function changedMat(seed: Buffer, draws: Draws): Buffer {
  return Buffer.concat([seed.subarray(0, 128), changedElements(seed.subarray(128), draws)]);
}

/** A checkpoint with a changed header or data, its length and digest put right. */
export function changedSafetensors(seed: Buffer, draws: Draws): Buffer {
  const length = Number(seed.readBigUInt64LE(0));
  let header = seed.subarray(8, 8 + length);
  let data = seed.subarray(8 + length);
  if (draws.chance(85)) header = changedJson(header, draws);
  else data = behind(0)(data, draws);
  const padded = Buffer.alloc(Math.ceil(header.length / 8) * 8, ' ');
  header.copy(padded);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  const whole = Buffer.concat([size, padded, data]);
  const mark = '"digest":"';
  const at = whole.indexOf(mark) + mark.length;
  if (at < mark.length || at + 64 > whole.length) return whole;
  whole.write('0'.repeat(64), at);
  whole.write(createHash('sha256').update(whole).digest('hex'), at);
  return whole;
}
