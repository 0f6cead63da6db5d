import type { OpenedPicture } from '../pictures/decode.ts';
import type { Picture } from '../pictures/native/pictures.ts';

/**
 * The part of a picture that covers `height` × `width` when scaled: all of it, less what sticks out in the middle. One of that
 * size keeps its pixels. Throws `DamagedPicture`.
 */
export function covering(opened: OpenedPicture, height: number, width: number): Picture {
  if (opened.height === height && opened.width === width) return opened.pixels();
  const scale = Math.max(height / opened.height, width / opened.width);
  const left = Math.max(0, (opened.width - width / scale) / 2);
  const top = Math.max(0, (opened.height - height / scale) / 2);
  return opened.view({ left, top, right: opened.width - left, bottom: opened.height - top }, height, width);
}
