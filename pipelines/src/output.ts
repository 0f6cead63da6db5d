import type { Writable } from 'node:stream';

type Output = Pick<Writable, 'write' | 'on'>;

/**
 * Watches a stream that results are printed on: where they cannot be written (a full disk, a broken one) the work goes on,
 * and the returned function gives the first such error at its end. A pipe that nobody reads any more is none: when Nx is
 * killed its pipe breaks, but the work is to go on; and `selfsup list | head` has what it wanted.
 */
export function watchOutput(stream: Output): () => Error | undefined {
  let lost: Error | undefined;
  const notice = (error: unknown): void => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') lost ??= error as Error;
  };
  stream.on('error', notice);
  // Node 20 throws where a file cannot be written, and console.log swallows it.
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = (...args: unknown[]): boolean => {
    try {
      return write(...args);
    } catch (error) {
      notice(error);
      return false;
    }
  };
  return () => lost;
}

/**
 * Resolves when all that was written to a stream has left this process, or cannot: to a pipe whose reader is slow Node
 * writes later, and what it has not written when the process is ended is lost.
 */
export function written(stream: Pick<Writable, 'writableLength' | 'write'>): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
