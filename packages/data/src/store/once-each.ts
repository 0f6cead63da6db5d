import { UserError } from '@selfsup/kit/errors';
import type { SourceImage, SourceReading } from '../source.ts';

/**
 * The wanted images of a source, as it hands them out. Throws `UserError` naming an image that comes twice, or at the end one
 * that never came: a list that names it twice, or two files of one name, would else be counted twice or lost.
 */
export async function* onceEach(
  { entries, images }: Pick<SourceReading, 'entries' | 'images'>,
  wanted: (entry: number) => boolean,
): AsyncGenerator<SourceImage> {
  const came = new Uint8Array(entries.length);
  const remedy = 'Look for files of the same name, or lists that name it twice, and take one of them out.';
  for await (const image of images(wanted)) {
    const { split, path } = entries[image.entry]!;
    if (came[image.entry] === 1) throw new UserError(`${split}: ${path} is in the source twice`, { remedy });
    came[image.entry] = 1;
    yield image;
  }
  const lost = entries.filter((_, entry) => came[entry] === 0 && wanted(entry));
  if (lost.length === 0) return;
  const { split, path } = lost[0]!;
  throw new UserError(`${lost.length} listed images were not found in the source, such as ${split}: ${path}`, {
    remedy,
  });
}
