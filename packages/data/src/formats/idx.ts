import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '@selfsup/kit/errors';

/** The content of an IDX file of unsigned bytes. */
export interface Idx {
  /** Sizes of its dimensions: [images, rows, columns] or [labels]. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** The largest of the known ones have 47 MB; a few bytes could unpack to gigabytes. */
const mostBytes = 2 ** 28;

/**
 * Reads an IDX file of unsigned bytes, gzipped or plain (big-endian header: 0, 0, type 8, number of dimensions, then
 * each size as u32; the format of MNIST). Throws `UserError` naming the file where it is cut, longer than its header
 * says, or something else.
 */
export async function readIdx(path: string, dimensions: number): Promise<Idx> {
  const remedy = 'Fetch the file again and compare its checksum with the published one.';
  let bytes: Buffer;
  try {
    const stored = await readFile(path);
    bytes =
      stored[0] === 0x1f && stored[1] === 0x8b
        ? await promisify(gunzip)(stored, { maxOutputLength: mostBytes })
        : stored;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new UserError(`The file unpacks to more than ${mostBytes} bytes`, { file: path, remedy });
    }
    throw new UserError(`The file is cut off or damaged: ${(cause as Error).message}`, { file: path, remedy, cause });
  }
  const header = 4 + 4 * dimensions;
  if (bytes.length < header || bytes.readUInt16BE(0) !== 0 || bytes[2] !== 8 || bytes[3] !== dimensions) {
    throw new UserError(`Not an IDX file of bytes in ${dimensions} dimension${dimensions === 1 ? '' : 's'}`, {
      file: path,
      remedy,
    });
  }
  const shape = Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const size = shape.reduce((product, one) => product * one, 1);
  const data = bytes.subarray(header);
  if (data.length !== size) {
    throw new UserError(
      `The header promises ${shape.join(' × ')} = ${size} bytes of data, the file holds ${data.length}`,
      { file: path, remedy },
    );
  }
  return { shape, data };
}
