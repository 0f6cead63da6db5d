/**
 * A square picture `[side, side, channels]` turned counter-clockwise about its centre, bilinear, its border reaching on.
 * At quarter turns each pixel is one of the picture's, as RotNet turns it.
 */
export function turned(pixels: Float32Array, side: number, channels: number, degrees: number): Float32Array {
  const angle = (degrees * Math.PI) / 180;
  // Exact at quarter turns, where they are whole.
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)].map((value) => Math.round(value * 2 ** 40) / 2 ** 40) as [
    number,
    number,
  ];
  const centre = (side - 1) / 2;
  const result = new Float32Array(pixels.length);
  const along = (position: number): [before: number, share: number] => {
    const inside = Math.min(side - 1, Math.max(0, position));
    const before = Math.min(Math.floor(inside), Math.max(0, side - 2));
    return [before, inside - before];
  };
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [x, y] = [column - centre, row - centre];
      const [left, across] = along(centre + x * cosine - y * sine);
      const [top, down] = along(centre + x * sine + y * cosine);
      for (let channel = 0; channel < channels; channel++) {
        const at = (dy: number, dx: number): number => {
          const [r, c] = [Math.min(side - 1, top + dy), Math.min(side - 1, left + dx)];
          return pixels[(r * side + c) * channels + channel]!;
        };
        const above = at(0, 0) + (at(0, 1) - at(0, 0)) * across;
        const below = at(1, 0) + (at(1, 1) - at(1, 0)) * across;
        result[(row * side + column) * channels + channel] = above + (below - above) * down;
      }
    }
  }
  return result;
}
