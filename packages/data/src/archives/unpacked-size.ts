import { statSync } from 'node:fs';
import { Transform } from 'node:stream';
import { UserError } from '@selfsup/kit/errors';

/** What unpacks to more than this many times its size, and more than is harmless, is made to fill memory or disk. */
const mostRatio = 200;

/**
 * Refuses what unpacks to absurdly more bytes than it has. Throws `UserError` naming the archive.
 *
 * @param what the archive or a file in it, for the message
 */
export function refuseUnpacked(
  archive: string,
  what: string,
  unpacked: number,
  packed: number,
  harmless = 2 ** 30,
): void {
  if (unpacked <= harmless || unpacked <= mostRatio * packed) return;
  throw new UserError(`${what} unpacks to more than ${mostRatio} times its size: it is made to fill memory or disk`, {
    file: archive,
    remedy: 'Do not use this archive.',
  });
}

/** Lets bytes that a file unpacks to through until there are absurdly more of them than packed ones; `what` is as above. */
export function withinReason(path: string, what: string): Transform {
  const packed = statSync(path).size;
  let bytes = 0;
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      try {
        refuseUnpacked(path, what, (bytes += part.length), packed);
        done(null, part);
      } catch (bomb) {
        done(bomb as Error);
      }
    },
  });
}
