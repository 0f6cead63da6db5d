import type { Picture } from '../pictures/native/pictures.ts';

/** Grey as the luma of JPEG (ITU-R BT.601), RGB of grey as three times the same. */
export function inChannels(picture: Picture, channels: 1 | 3): Picture {
  if (picture.channels === channels) return picture;
  const { pixels } = picture;
  const value =
    channels === 3
      ? (i: number) => pixels[Math.floor(i / 3)]!
      : (i: number) => Math.round(0.299 * pixels[3 * i]! + 0.587 * pixels[3 * i + 1]! + 0.114 * pixels[3 * i + 2]!);
  const converted = Uint8Array.from({ length: picture.height * picture.width * channels }, (_, i) => value(i));
  return { ...picture, channels, pixels: converted };
}
