import { normal } from '@selfsup/kit/random';
import { changeColours } from '../../pictures/colour-changes.ts';
import { affine, resize, type Picture } from '../../pictures/native/pictures.ts';
import type { Draws } from './draws.ts';

/** Side to which the drawn area is scaled before it is turned: its middle then shows little of the black around it. */
export function widerSide(size: number): number {
  return Math.floor(Math.SQRT2 * size);
}

type Map = readonly [number, number, number, number, number, number];

/**
 * From a pixel of the final `size` × `size` image to one of the wider image: the inverse of turning (counter-clockwise
 * in degrees) after shearing around its middle, as torchvision's RandomAffine, with the centre crop and flips in it.
 */
export function finalMap({ rotation, shear, horizontalFlip, verticalFlip }: Draws, size: number): Map {
  const wide = widerSide(size);
  const radians = Math.PI / 180;
  const [sin, cos, tan] = [Math.sin(rotation * radians), Math.cos(rotation * radians), Math.tan(shear * radians)];
  // Of determinant 1; its inverse swaps the diagonal and negates the rest.
  const [a, b, c, d] = [cos, -cos * tan - sin, sin, -sin * tan + cos];
  const [fx, fy] = [horizontalFlip ? -1 : 1, verticalFlip ? -1 : 1];
  const border = Math.floor((wide - size) / 2);
  // x in the wide image, from its middle.
  const [ox, oy] = [(horizontalFlip ? size : 0) + border - wide / 2, (verticalFlip ? size : 0) + border - wide / 2];
  return [d * fx, -b * fy, d * ox - b * oy + wide / 2, -c * fx, a * fy, -c * ox + a * oy + wide / 2];
}

/** Adds normal noise to every byte, rounded and clamped. */
function addNoise(pixels: Uint8Array, { key, deviation }: NonNullable<Draws['noise']>): void {
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = Math.min(255, Math.max(0, Math.round(pixels[i]! + deviation * normal(key, i))));
  }
}

/** The columns (or rows) of the wider image that a row of its map reaches from the final one, and some around them. */
function shown(x: number, y: number, offset: number, size: number, wide: number): [number, number] {
  const reach = [0, x * size, y * size, (x + y) * size].map((value) => value + offset);
  const around = 8; // the filter's edge is another where the part ends
  return [Math.max(0, Math.floor(Math.min(...reach)) - around), Math.min(wide, Math.ceil(Math.max(...reach)) + around)];
}

/**
 * Renders one augmented image, `size` × `size` × 3: the drawn area of `picture` (3 channels) scaled to √2 of the size
 * (bicubic), turned and sheared (bilinear, black outside), the middle cropped, then its colours changed and noise added.
 * A function of its arguments alone.
 */
export function render(picture: Picture, draws: Draws, size: number): Picture {
  const wide = widerSide(size);
  const map = finalMap(draws, size);
  // Of the wider image only what the final one shows, and two pixels around it.
  const [left, right] = shown(map[0], map[1], map[2], size, wide);
  const [top, bottom] = shown(map[3], map[4], map[5], size, wide);
  const { area } = draws;
  const [across, down] = [(area.right - area.left) / wide, (area.bottom - area.top) / wide];
  const part = {
    left: area.left + left * across,
    top: area.top + top * down,
    right: right === wide ? area.right : area.left + right * across,
    bottom: bottom === wide ? area.bottom : area.top + bottom * down,
  };
  const [height, width] = [bottom - top, right - left];
  const target = new Uint8Array(height * width * 3);
  resize(picture, part, { height, width, filter: 'bicubic', target });
  const [a, b, c, d, e, f] = map;
  const scaled = { pixels: target, height, width, channels: 3 };
  const result = affine(scaled, [a, b, c - left, d, e, f - top], { height: size, width: size });
  changeColours(result.pixels, 0, size * size, draws.colours);
  if (draws.noise !== undefined) addNoise(result.pixels, draws.noise);
  return result;
}
