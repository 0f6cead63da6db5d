import type { Keep } from '../files/file-tree.ts';
import { endingOf } from '../files/passed-over.ts';
import { pictureEndings } from './formats/signature.ts';

/** Which files of a folder are pictures: those called so, and others where they begin as a picture does. */
export const pictureFiles: Keep = (path) =>
  (pictureEndings as readonly string[]).includes(endingOf(path)) || 'if picture';
