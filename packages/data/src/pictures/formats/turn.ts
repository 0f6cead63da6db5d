import type { Area, Picture } from '../native/pictures.ts';

/**
 * How a stored picture becomes upright: row and column of the stored pixel are those of the upright one, exchanged with
 * `swap`, each counted from the other end with its flip.
 */
interface Turn {
  readonly swap: boolean;
  readonly flipRows: boolean;
  readonly flipColumns: boolean;
}

function turnOf(orientation: number): Turn {
  return {
    swap: orientation >= 5,
    flipRows: [3, 4, 6, 7].includes(orientation),
    flipColumns: [2, 3, 7, 8].includes(orientation),
  };
}

/** A stored picture [height, width, channels] made upright by its EXIF orientation (1 to 8). */
export function turned(stored: Picture, orientation: number): Picture {
  const { swap, flipRows, flipColumns } = turnOf(orientation);
  const { channels } = stored;
  const [height, width] = swap ? [stored.width, stored.height] : [stored.height, stored.width];
  const pixels = new Uint8Array(stored.pixels.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [a, b] = swap ? [x, y] : [y, x];
      const row = flipRows ? stored.height - 1 - a : a;
      const column = flipColumns ? stored.width - 1 - b : b;
      const from = (row * stored.width + column) * channels;
      for (let c = 0; c < channels; c++) pixels[to++] = stored.pixels[from + c]!;
    }
  }
  return { pixels, height, width, channels };
}

/** The area of a stored picture of this size which, made upright, is `area`. */
export function storedArea(area: Area, height: number, width: number, orientation: number): Area {
  const { swap, flipRows, flipColumns } = turnOf(orientation);
  const along = { rows: [area.top, area.bottom], columns: [area.left, area.right] } as const;
  const flipped = ([from, to]: readonly [number, number], length: number, flip: boolean): readonly [number, number] =>
    flip ? [length - to, length - from] : [from, to];
  const [top, bottom] = flipped(swap ? along.columns : along.rows, height, flipRows);
  const [left, right] = flipped(swap ? along.rows : along.columns, width, flipColumns);
  return { left, top, right, bottom };
}

/** Whether upright and stored pictures of an orientation have height and width exchanged. */
export function exchangesSides(orientation: number): boolean {
  return orientation >= 5;
}
