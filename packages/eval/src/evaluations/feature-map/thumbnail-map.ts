import sharp from 'sharp';
import { thumbnail, type Picture } from '@selfsup/data/pictures';

/** Pixels a side of a thumbnail. */
const side = 28;

/**
 * Images at their places in a map, as PNG with nothing between them: the map is laid out in `across` × `across` cells, and
 * each shows the image that is nearest to its middle.
 *
 * @param coordinates `[images, 2]`, both in [0, 1], the second upwards
 */
export async function thumbnailMap(
  coordinates: Float32Array,
  across: number,
  pictureOf: (image: number) => Picture,
): Promise<Uint8Array> {
  const width = across * side;
  const pixels = new Uint8Array(width * width * 4); // red, green, blue, opacity
  for (const { image, row, column } of nearestToMiddles(coordinates, across)) {
    const small = thumbnail(pictureOf(image), side);
    const top = row * side + Math.floor((side - small.height) / 2);
    const left = column * side + Math.floor((side - small.width) / 2);
    for (let y = 0; y < small.height; y++)
      for (let x = 0; x < small.width; x++) {
        const from = small.channels * (y * small.width + x);
        const to = 4 * ((top + y) * width + left + x);
        for (let c = 0; c < 3; c++) pixels[to + c] = small.pixels[from + (small.channels === 3 ? c : 0)] as number;
        pixels[to + 3] = 255;
      }
  }
  return sharp(pixels, { raw: { width, height: width, channels: 4 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

/** For each cell that holds images the one nearest to its middle, rows from the top. */
function nearestToMiddles(coordinates: Float32Array, across: number) {
  const cells = new Map<number, { image: number; row: number; column: number; distance: number }>();
  for (let image = 0; 2 * image < coordinates.length; image++) {
    const [x, y] = [(coordinates[2 * image] as number) * across, (1 - (coordinates[2 * image + 1] as number)) * across];
    const [row, column] = [y, x].map((at) => Math.min(across - 1, Math.floor(at))) as [number, number];
    const distance = (x - column - 0.5) ** 2 + (y - row - 0.5) ** 2;
    const known = cells.get(row * across + column);
    if (known === undefined || distance < known.distance)
      cells.set(row * across + column, { image, row, column, distance });
  }
  return [...cells.values()];
}
