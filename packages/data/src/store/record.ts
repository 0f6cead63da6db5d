import { createHash } from 'node:crypto';
import { UserError } from '@selfsup/kit/errors';

/** How the picture of a record is stored. */
type Encoding = 'raw' | 'jpeg';

/** One image with all that belongs to it, as stored under one key. */
export interface ImageRecord {
  readonly encoding: Encoding;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Index into the class names, or -1 where the image has no label. */
  readonly label: number;
  /** Where the image came from, inside its source: `train/cat/0001.jpg`, `data_batch_1.bin#17`. */
  readonly path: string;
  /** Further annotations (boxes, flags) as JSON text; empty where there are none. */
  readonly annotations: string;
  /** Raw pixels [height, width, channels], 0..255, or the bytes of the encoded picture. */
  readonly payload: Uint8Array;
  /** A segmentation mask as 8-bit grey PNG of the same size, a class index a pixel; empty where there is none. */
  readonly mask: Uint8Array;
}

/*
 * Layout, little-endian: format u8, encoding u8, channels u8, 0, height u32, width u32, label i32, path bytes u32,
 * annotation bytes u32, payload bytes u32, mask bytes u32, checksum 16 bytes; then payload, path, annotations, mask. The
 * checksum
 * is the first half of the sha256 over everything else.
 */
const format = 2;
const checksumAt = 32;
const headerBytes = 48;
const encodings: readonly Encoding[] = ['raw', 'jpeg'];

function checksumOf(record: Uint8Array): Buffer {
  return createHash('sha256')
    .update(record.subarray(0, checksumAt))
    .update(record.subarray(headerBytes))
    .digest()
    .subarray(0, 16);
}

/** Bytes that a record of raw pixels takes, for a path of usual length: what a disk check needs. */
export function estimatedRecordBytes(pixels: number): number {
  return headerBytes + pixels + 32;
}

/** The stored form of a record, checksum included. */
export function encodeRecord(record: ImageRecord): Buffer {
  const path = Buffer.from(record.path);
  const annotations = Buffer.from(record.annotations);
  const length = headerBytes + record.payload.length + path.length + annotations.length + record.mask.length;
  const bytes = Buffer.alloc(length); // not from Node's pool: it may be transferred to another thread
  bytes[0] = format;
  bytes[1] = encodings.indexOf(record.encoding);
  bytes[2] = record.channels;
  bytes.writeUInt32LE(record.height, 4);
  bytes.writeUInt32LE(record.width, 8);
  bytes.writeInt32LE(record.label, 12);
  bytes.writeUInt32LE(path.length, 16);
  bytes.writeUInt32LE(annotations.length, 20);
  bytes.writeUInt32LE(record.payload.length, 24);
  bytes.writeUInt32LE(record.mask.length, 28);
  bytes.set(record.payload, headerBytes);
  bytes.set(path, headerBytes + record.payload.length);
  bytes.set(annotations, headerBytes + record.payload.length + path.length);
  bytes.set(record.mask, length - record.mask.length);
  bytes.set(checksumOf(bytes), checksumAt);
  return bytes;
}

/** Reads a record back; `payload` and `mask` are views into `bytes`. Throws `UserError` when it is cut or of another format. */
export function decodeRecord(bytes: Buffer, key: string): ImageRecord {
  const pathBytes = bytes.length < headerBytes ? 0 : bytes.readUInt32LE(16);
  const annotationBytes = bytes.length < headerBytes ? 0 : bytes.readUInt32LE(20);
  const payloadBytes = bytes.length < headerBytes ? 0 : bytes.readUInt32LE(24);
  const maskBytes = bytes.length < headerBytes ? 0 : bytes.readUInt32LE(28);
  const encoding = encodings[bytes[1] ?? -1];
  const whole = bytes.length === headerBytes + payloadBytes + pathBytes + annotationBytes + maskBytes;
  if (bytes[0] !== format || encoding === undefined || bytes.length < headerBytes || !whole) {
    throw new UserError(`Record ${key} of the dataset is damaged or of an unknown format`, {
      remedy: 'Delete the dataset from the artifacts folder and ingest it again.',
    });
  }
  const pathAt = headerBytes + payloadBytes;
  return {
    encoding,
    channels: bytes[2]!,
    height: bytes.readUInt32LE(4),
    width: bytes.readUInt32LE(8),
    label: bytes.readInt32LE(12),
    payload: bytes.subarray(headerBytes, pathAt),
    path: bytes.toString('utf8', pathAt, pathAt + pathBytes),
    annotations: bytes.toString('utf8', pathAt + pathBytes, pathAt + pathBytes + annotationBytes),
    mask: bytes.subarray(bytes.length - maskBytes),
  };
}

/**
 * Copies the pixels of a stored raw record of known size to `target` at `offset`: the loader's fast path, which
 * reads nothing else of the record. Throws `UserError` when the record does not hold that many raw bytes.
 */
export function copyRawPixels(bytes: Buffer, pixels: number, target: Uint8Array, offset: number, key: string): void {
  const isRaw = bytes.length >= headerBytes + pixels && bytes[0] === format && bytes[1] === 0;
  if (!isRaw || bytes.readUInt32LE(24) !== pixels) {
    throw new UserError(`Record ${key} of the dataset does not hold ${pixels} bytes of raw pixels`, {
      remedy: 'Delete the dataset from the artifacts folder and ingest it again.',
    });
  }
  target.set(bytes.subarray(headerBytes, headerBytes + pixels), offset);
}

/** What the loader needs of a stored JPEG; `jpeg` is a view into the record. */
export interface JpegOfRecord {
  readonly jpeg: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** The JPEG of a stored record. Throws `UserError` when the record does not hold one. */
export function jpegOf(bytes: Buffer, key: string): JpegOfRecord {
  const length = bytes.length < headerBytes ? 0 : bytes.readUInt32LE(24);
  if (bytes[0] !== format || bytes[1] !== 1 || length === 0 || bytes.length < headerBytes + length) {
    throw new UserError(`Record ${key} of the dataset does not hold a JPEG`, {
      remedy: 'Delete the dataset from the artifacts folder and ingest it again.',
    });
  }
  const jpeg = bytes.subarray(headerBytes, headerBytes + length);
  return { jpeg, height: bytes.readUInt32LE(4), width: bytes.readUInt32LE(8) };
}

/** The checksum that a record carries, as hex. Throws `UserError` naming the key when its bytes do not match it. */
export function verifiedChecksum(bytes: Buffer, key: string): string {
  const stored = bytes.subarray(checksumAt, headerBytes);
  if (bytes.length < headerBytes || !checksumOf(bytes).equals(stored)) {
    throw new UserError(`Record ${key} of the dataset does not match its checksum`, {
      remedy: 'Delete the dataset from the artifacts folder and ingest it again; check the disk.',
    });
  }
  return stored.toString('hex');
}
