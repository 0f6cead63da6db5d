import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, writeAtomically } from '@selfsup/kit/files';

/** Version of the layout of names and metadata inside our checkpoint files. */
const CHECKPOINT_VERSION = 1;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A tensor as plain data: row-major values and the shape they have. */
export interface TensorData {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export interface Checkpoint {
  /** By name: `encoder/<layer>/<weight>`, `head/…`, `optimizer/<group>/<weight>/<slot>`. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly metadata: Readonly<Record<string, Json>>;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const NO_DIGEST = '0'.repeat(64);
const REMEDY = 'Delete the file and run the stage that made it again.';

/**
 * Writes tensors and metadata as a safetensors file, atomically. Equal content gives equal bytes. The
 * metadata carries a sha256 over the whole file (with the digest's own 64 digits as zeros).
 * Throws `UserError` naming the file when it cannot be written.
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const names = [...checkpoint.tensors.keys()].sort(
    (a, b) => width(checkpoint.tensors.get(b)!) - width(checkpoint.tensors.get(a)!) || (a < b ? -1 : 1),
  );
  const header: Record<string, unknown> = {
    __metadata__: {
      digest: NO_DIGEST,
      metadata: canonicalJson(checkpoint.metadata),
      version: String(CHECKPOINT_VERSION),
    },
  };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const name of names) {
    const { shape, data } = checkpoint.tensors.get(name)!;
    const elements = shape.reduce((a, b) => a * b, 1);
    if (elements !== data.length) throw new Error(`${name}: ${data.length} values for shape [${shape.join(', ')}].`);
    const end = offset + data.byteLength;
    header[name] = { dtype: dtypeOf(data), shape: [...shape], data_offsets: [offset, end] } satisfies Entry;
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset = end;
  }
  const start = encodeHeader(header);
  const hash = createHash('sha256').update(start);
  for (const part of parts) hash.update(part);
  start.set(Buffer.from(hash.digest('hex')), digestAt(start));
  await writeAtomically(path, [start, ...parts]);
}

/**
 * Reads a checkpoint and checks every byte of it against its digest.
 * Throws `UserError` naming the file when it is missing, no checkpoint, torn, altered or of an unknown version.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new UserError(`Cannot read the checkpoint: ${cause.message}`, { file: path, cause });
  });
  const header = verifiedHeader(path, bytes);
  const about = aboutIn(path, header);
  if (about.version !== String(CHECKPOINT_VERSION)) {
    throw new UserError(
      `The checkpoint has format version ${about.version}, this program reads version ${CHECKPOINT_VERSION}`,
      { file: path, remedy: 'Use the version of Selfsup that wrote it, or run its stage again.' },
    );
  }
  const base = 8 + Number(bytes.readBigUInt64LE(0));
  const tensors = new Map<string, TensorData>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!isEntry(entry, bytes.length - base)) throw altered(path, `it lists the tensor ${name} in no way that we do`);
    const [from, to] = entry.data_offsets;
    // A copy of its own: aligned for typed arrays, and the file's buffer can be freed.
    const copy = new Uint8Array(bytes.subarray(base + from, base + to)).buffer;
    tensors.set(name, { shape: entry.shape, data: typed(entry.dtype, copy) });
  }
  return { tensors, metadata: about.metadata };
}

/** The error for a file whose digest holds and whose content is not as this program writes it: another made it so. */
function altered(path: string, what: string): UserError {
  return new UserError(`This is no checkpoint as Selfsup writes them: ${what}`, { file: path, remedy: REMEDY });
}

/** What the header says of the file itself. */
function aboutIn(path: string, header: Record<string, unknown>): { version: string; metadata: Record<string, Json> } {
  const { version, metadata } = (header['__metadata__'] ?? {}) as Record<string, unknown>;
  if (typeof version !== 'string' || typeof metadata !== 'string') throw altered(path, 'it has no version or metadata');
  return { version, metadata: objectIn(path, metadata, 'its metadata is') as Record<string, Json> };
}

function objectIn(path: string, text: string, what: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) throw altered(path, `${what} no JSON object`);
  return parsed as Record<string, unknown>;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);
const valueBytes = { F32: 4, I32: 4, U8: 1 } as const;

/** Whether a tensor is listed with a type that there is, a shape, and as many bytes among the `length` of all. */
function isEntry(entry: Entry | null, length: number): boolean {
  const { dtype, shape, data_offsets: offsets } = entry ?? ({} as Partial<Entry>);
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) return false;
  if (dtype === undefined || !Object.hasOwn(valueBytes, dtype)) return false;
  const [from, to] = offsets as [number, number];
  const elements = shape.reduce((product, size) => product * size, 1);
  return to <= length && to - from === elements * valueBytes[dtype as keyof typeof valueBytes];
}

function width(tensor: TensorData): number {
  return tensor.data.BYTES_PER_ELEMENT;
}

function dtypeOf(data: TensorData['data']): string {
  return data instanceof Float32Array ? 'F32' : data instanceof Int32Array ? 'I32' : 'U8';
}

function typed(dtype: string, buffer: ArrayBuffer): TensorData['data'] {
  if (dtype === 'F32') return new Float32Array(buffer);
  return dtype === 'I32' ? new Int32Array(buffer) : new Uint8Array(buffer);
}

/** Length (8 bytes, little-endian), then JSON filled up with spaces so that the tensors begin at a multiple of 8. */
function encodeHeader(header: object): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, ' ');
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}

/** Where the 64 digits of the digest stand: it is the first field of the header. */
function digestAt(header: Uint8Array): number {
  return Buffer.from(header.buffer, header.byteOffset, header.byteLength).indexOf('"digest":"') + '"digest":"'.length;
}

/** Whether bytes begin as a checkpoint does, some of them altered or zeroed: a damaged one, and not another kind of file. */
function isOurs(bytes: Buffer): boolean {
  const beginning = Buffer.from('{"__metadata__":{"digest":"');
  const others = [...bytes.subarray(8, 8 + beginning.length)].filter((byte, i) => byte !== beginning[i] && byte !== 0);
  return others.length <= 4;
}

function verifiedHeader(path: string, bytes: Buffer): Record<string, Entry> {
  const damaged = (what: string): UserError =>
    new UserError(isOurs(bytes) ? `The checkpoint is damaged: ${what}` : 'This file is no checkpoint of Selfsup', {
      file: path,
      remedy: isOurs(bytes) ? REMEDY : 'Name a checkpoint that Selfsup wrote.',
    });
  if (bytes.length < 8) throw damaged('it is cut off in its first bytes');
  const length = Number(bytes.readBigUInt64LE(0));
  if (length > bytes.length - 8) throw damaged('it is cut off or its length field was altered');
  const header = bytes.subarray(0, 8 + length);
  const at = digestAt(header);
  const found = header.toString('latin1', at, at + 64);
  const blank = Buffer.from(header);
  blank.write(NO_DIGEST, Math.min(at, blank.length));
  const digest = createHash('sha256')
    .update(blank)
    .update(bytes.subarray(8 + length))
    .digest('hex');
  if (digest !== found) throw damaged('its bytes do not give the digest that it carries');
  return objectIn(path, header.toString('utf8', 8), 'its header is') as Record<string, Entry>;
}
