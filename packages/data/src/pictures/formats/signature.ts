import { isBmp } from './bmp.ts';
import { isNetpbm } from './netpbm.ts';

/** Endings of pictures that are read. */
export const pictureEndings = [
  ...['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif'],
  ...['.bmp', '.dib', '.ppm', '.pgm', '.pbm', '.pnm'],
] as const;

/** Bytes at the start of a file from which it shows whether it is a picture. */
export const headBytes = 32;

const startsWith = (head: Uint8Array, text: string, at = 0): boolean =>
  [...text].every((character, i) => head[at + i] === character.charCodeAt(0));

/** Whether the first `headBytes` bytes of a file are those of a picture in a format that is read, whatever it is called. */
export function startsAsPicture(head: Uint8Array): boolean {
  const jpeg = startsWith(head, '\xff\xd8\xff');
  const tiff =
    startsWith(head, 'II*\0') || startsWith(head, 'MM\0*') || startsWith(head, 'II+\0') || startsWith(head, 'MM\0+');
  const avif = startsWith(head, 'ftypavif', 4) || startsWith(head, 'ftypavis', 4);
  const webp = startsWith(head, 'RIFF') && startsWith(head, 'WEBP', 8);
  const others = startsWith(head, '\x89PNG\r\n\x1a\n') || startsWith(head, 'GIF8') || isBmp(head) || isNetpbm(head);
  return jpeg || tiff || avif || webp || others;
}
