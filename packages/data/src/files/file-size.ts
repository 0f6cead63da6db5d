import { UserError } from '@selfsup/kit/errors';

/** A larger file is no image. */
const mostBytes = 2 ** 29;

/**
 * Refuses to read a file whole into memory that is too large for an image. Throws `UserError` naming it and the folder or
 * archive it is in.
 *
 * @param bytes size of the file
 */
export function refuseHuge(container: string, file: string, bytes: number): void {
  if (bytes <= mostBytes) return;
  throw new UserError(`${file} has ${bytes} bytes: no image is that large`, {
    file: container,
    remedy: 'Take this file out.',
  });
}
