import { thumbnail, type Picture } from '@selfsup/data/pictures';
import { encodePng } from '@selfsup/report/images';

/** Pixels a side of one image, of the frame around it, and between the query and its results. */
const thumb = 64;
const frame = 3;
const gap = 9;
const colours = { query: [128, 128, 128], right: [0, 158, 115], wrong: [213, 94, 0] } as const;

interface Labelled {
  readonly picture: Picture;
  readonly label: number;
}

/**
 * A query and its results in one row, as PNG: each scaled to fit, the query framed in grey, results of its class in
 * green, others in orange.
 */
export function resultStrip(query: Labelled, results: readonly Labelled[]): Uint8Array {
  const cell = thumb + 2 * frame;
  const width = cell * (results.length + 1) + gap;
  const pixels = new Uint8Array(cell * width * 3).fill(255);
  [query, ...results].forEach(({ picture, label }, i) => {
    const left = i === 0 ? 0 : gap + i * cell;
    const colour = i === 0 ? colours.query : label === query.label ? colours.right : colours.wrong;
    for (let y = 0; y < cell; y++) for (let x = 0; x < cell; x++) pixels.set(colour, 3 * (y * width + left + x));
    const scaled = thumbnail(picture, thumb);
    const [top, inset] = [thumb - scaled.height, thumb - scaled.width].map((rest) => frame + Math.floor(rest / 2)) as [
      number,
      number,
    ];
    for (let y = 0; y < scaled.height; y++)
      for (let x = 0; x < scaled.width; x++) {
        const from = scaled.channels * (y * scaled.width + x);
        const to = 3 * ((top + y) * width + left + inset + x);
        for (let c = 0; c < 3; c++) pixels[to + c] = scaled.pixels[from + (scaled.channels === 3 ? c : 0)] as number;
      }
  });
  return encodePng(pixels, cell, width, 3);
}
