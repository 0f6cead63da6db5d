/** Grey of what lies outside, as `tasks/aet` fills it. */
const fill = 128;

/**
 * A square picture `[side, side, channels]` through a map, as AET transforms images: pixel (X, Y) of the result, its centre at
 * halves, shows the picture at ((aX + bY + c)/w, (dX + eY + f)/w), w = gX + hY + 1, bilinear, grey where that lies outside.
 * `map`: a…f, or a…h.
 */
export function warped(pixels: Float32Array, side: number, channels: number, map: readonly number[]): Float32Array {
  const [a, b, c, d, e, f, g = 0, h = 0] = map as [number, number, number, number, number, number];
  const result = new Float32Array(pixels.length).fill(fill);
  const last = side - 1;
  const at = (row: number, column: number, channel: number): number =>
    pixels[(row * side + column) * channels + channel]!;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [X, Y] = [column + 0.5, row + 0.5];
      const w = g * X + h * Y + 1;
      const [x, y] = [(a * X + b * Y + c) / w, (d * X + e * Y + f) / w];
      if (!(x >= 0 && x < side && y >= 0 && y < side)) continue;
      const [inX, inY] = [x, y].map((place) => Math.min(last, Math.max(0, place - 0.5))) as [number, number];
      const [left, top] = [Math.floor(inX), Math.floor(inY)];
      const [right, bottom] = [Math.min(last, left + 1), Math.min(last, top + 1)];
      for (let channel = 0; channel < channels; channel++) {
        const above = at(top, left, channel) + (at(top, right, channel) - at(top, left, channel)) * (inX - left);
        const below =
          at(bottom, left, channel) + (at(bottom, right, channel) - at(bottom, left, channel)) * (inX - left);
        result[(row * side + column) * channels + channel] = above + (below - above) * (inY - top);
      }
    }
  }
  return result;
}

/** The map back, in the same form: that of the inverse matrix, its last entry 1. */
export function inverted(map: readonly number[]): number[] {
  const [a, b, c, d, e, f, g = 0, h = 0] = map as [number, number, number, number, number, number];
  const adjugate = [
    e - f * h,
    c * h - b,
    b * f - c * e,
    f * g - d,
    a - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
  ];
  const scale = a * e - b * d;
  return adjugate.map((value) => value / scale);
}

/** Where a point is led to. */
export function ledTo(map: readonly number[], [X, Y]: readonly [number, number]): [number, number] {
  const [a, b, c, d, e, f, g = 0, h = 0] = map as [number, number, number, number, number, number];
  const w = g * X + h * Y + 1;
  return [(a * X + b * Y + c) / w, (d * X + e * Y + f) / w];
}
