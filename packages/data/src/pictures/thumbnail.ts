import { resize, type Picture } from './native/pictures.ts';

/** A picture scaled so that its longer side is `side` pixels, its shape kept and its channels too. */
export function thumbnail(picture: Picture, side: number): Picture {
  const scale = side / Math.max(picture.height, picture.width);
  const height = Math.max(1, Math.round(picture.height * scale));
  const width = Math.max(1, Math.round(picture.width * scale));
  const pixels = new Uint8Array(height * width * picture.channels);
  const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height };
  resize(picture, whole, { height, width, filter: 'bilinear', target: pixels });
  return { pixels, height, width, channels: picture.channels };
}
