import { crc32 } from '@selfsup/kit/files';
import { blindChange } from '../mutate.ts';
import { oddNumbers, oddTexts, type Draws } from './draws.ts';

const block = 512;

function octal(header: Buffer, at: number, length: number, value: number): void {
  header.write(
    `${Math.max(0, Math.trunc(value))
      .toString(8)
      .padStart(length - 1, '0')
      .slice(-length + 1)}\0`,
    at,
    'latin1',
  );
}

/** Writes the checksum of a header of a tar into it. */
function sealed(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  octal(
    header,
    148,
    7,
    header.reduce((sum, byte) => sum + byte, 0),
  );
  return header;
}

function tarHeader(name: string, type: string, content: Buffer): Buffer {
  const header = Buffer.alloc(block);
  header.write(name, 0);
  header.write('0000644\0', 100);
  octal(header, 124, 12, content.length);
  header.write(type, 156);
  header.write('ustar\x0000', 257, 'latin1');
  const filled = Buffer.alloc(Math.ceil(content.length / block) * block);
  content.copy(filled);
  return Buffer.concat([sealed(header), filled]);
}

/** A header with attributes of the member after it, as pax has them. */
function paxHeader(draws: Draws): Buffer {
  const key = draws.of(['path', 'linkpath', 'size', 'GNU.sparse.name', 'GNU.sparse.major', 'mtime']);
  const value = draws.of([...oddTexts, ...oddNumbers.map(String), '-512', '-1536', '700']);
  const line = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(line);
  while (String(length).length + Buffer.byteLength(line) !== length)
    length = String(length).length + Buffer.byteLength(line);
  return tarHeader('pax', draws.of(['x', 'x', 'g', 'X']), Buffer.from(`${length}${line}`));
}

/** The members of a tar: header and content of each, and what comes after the last. */
function tarParts(tar: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + block <= tar.length && tar[at] !== 0) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8) || 0;
    const end = Math.min(tar.length, at + block + Math.ceil(size / block) * block);
    parts.push(tar.subarray(at, end));
    at = end;
  }
  return [...parts, tar.subarray(at)];
}

/** A tar with a field of a header changed and its checksum put right, or members added, doubled, moved or taken out. */
export function changedTar(seed: Buffer, draws: Draws): Buffer {
  const parts = tarParts(seed);
  const which = draws.below(parts.length - 1);
  const part = Buffer.from(parts[which]!);
  switch (draws.below(7)) {
    case 0:
      parts.splice(which, 1);
      break;
    case 1:
      parts.splice(draws.below(parts.length), 0, part);
      break;
    case 2:
      parts.splice(which, 0, paxHeader(draws));
      break;
    case 3: {
      const text = Buffer.from(draws.of([...oddTexts, 'b/'.repeat(200)]));
      parts.splice(which, 0, tarHeader('././@LongLink', draws.of(['L', 'K', 'N']), text));
      break;
    }
    case 4:
      if (part.length > block) blindChange(part.subarray(block), draws).copy(part, block, 0, part.length - block);
      parts[which] = part;
      break;
    case 5:
      parts[parts.length - 1] = parts.at(-1)!.subarray(0, draws.of([0, 100, block, block + 1]));
      break;
    default:
      if (part.length >= block) parts[which] = Buffer.concat([changedHeader(part, draws), part.subarray(block)]);
  }
  return Buffer.concat(parts);
}

function changedHeader(part: Buffer, draws: Draws): Buffer {
  const header = Buffer.from(part.subarray(0, block));
  const [at, length] = draws.of([
    ...([
      [0, 100],
      [100, 8],
      [124, 12],
      [124, 12],
      [157, 100],
      [257, 8],
      [345, 155],
      [482, 1],
    ] as const),
  ]);
  if (draws.chance(40))
    header.write(draws.of(['0', '1', '2', '3', '5', '6', 'S', 'M', 'D', 'V', 'K', 'Z', '\xff']), 156, 'latin1');
  else if (at === 124) octal(header, at, length, draws.of(oddNumbers));
  else {
    header.fill(0, at, at + length);
    header.write(draws.of(oddTexts).slice(0, length), at, length);
  }
  return sealed(header);
}

/** Where the fields of a member of a zip stand: in the directory, before the member itself (0 where not), and their bytes. */
const zipFields = [
  [4, 0, 2],
  [8, 6, 2],
  [10, 8, 2],
  [16, 14, 4],
  [20, 18, 4],
  [24, 22, 4],
  [28, 26, 2],
  [30, 28, 2],
  [32, 0, 2],
  [38, 0, 4],
  [42, 0, 4],
] as const;

/** A zip with a field changed wherever it stands, another name, or other content with its checksum put right. */
export function changedZip(seed: Buffer, draws: Draws): Buffer {
  const zip = Buffer.from(seed);
  const entries: number[] = [];
  for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 4)) entries.push(at);
  const entry = draws.of(entries);
  if (entry === undefined || entry + 46 > zip.length) return seed;
  const local = zip.readUInt32LE(entry + 42);
  if (local + 30 > zip.length) return seed;
  const write = (at: number, bytes: number, value: number): void => {
    if (at + bytes <= zip.length) zip.writeUIntLE(value, at, bytes);
  };
  const name = Math.min(zip.readUInt16LE(entry + 28), zip.length - entry - 46, zip.length - local - 30);
  switch (draws.below(4)) {
    case 0: {
      const text = draws
        .of([...oddTexts, 'a\\b', 'b/../../c', './x', 'folder/'])
        .padEnd(name, 'x')
        .slice(0, name);
      zip.write(text, entry + 46, name, 'latin1');
      zip.write(text, local + 30, name, 'latin1');
      return zip;
    }
    case 1: {
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const content = zip.subarray(start, start + zip.readUInt32LE(entry + 20));
      blindChange(content, draws).copy(content);
      for (const at of [entry + 16, local + 14]) write(at, 4, crc32(content));
      return zip;
    }
    case 2: // the record at the end, which leads to the directory
      write(zip.length - 22 + draws.of([8, 10, 12, 16, 20]), 2, draws.of([0, 1, 2, 3, 0xffff]));
      return zip;
    default: {
      const [inDirectory, inFront, bytes] = draws.of(zipFields);
      const most = 2 ** (8 * bytes) - 1;
      const value = draws.of(
        [0, 1, 8, 9, 99, 0xffff, most, most - 1, (0o120777 * 2 ** 16) % 2 ** 32, 2 ** 30].map((n) => Math.min(n, most)),
      );
      write(entry + inDirectory, bytes, value);
      if (inFront > 0 && draws.chance(80)) write(local + inFront, bytes, value);
      return zip;
    }
  }
}
