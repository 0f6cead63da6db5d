import { z } from 'zod';

/** A puzzle's measures in pixels; its window is three cells high and wide. */
export interface Geometry {
  /** Side of a cell. */
  readonly cell: number;
  /** Side of the square tile that is cut from anywhere in a cell. */
  readonly tile: number;
}

/**
 * `paper`: window 225, as Noroozi & Favaro 2016 (arXiv:1603.09246, §4.1) write and the source document shows; `released`:
 * window 255, as their code and its followers have it; `small`: window 30, for images of 32 pixels.
 */
export const geometries = {
  paper: { cell: 75, tile: 64 },
  released: { cell: 85, tile: 64 },
  small: { cell: 10, tile: 8 },
} as const satisfies Record<string, Geometry>;

const names = Object.keys(geometries) as [keyof typeof geometries, ...(keyof typeof geometries)[]];

/** The name of a geometry, or measures of one's own. Throws nothing; a tile larger than its cell is an issue. */
export const geometrySchema = z.union([
  z.enum(names),
  z
    .strictObject({ cell: z.int().positive(), tile: z.int().positive() })
    .refine(({ cell, tile }) => tile <= cell, { path: ['tile'], message: 'the tile is larger than its cell' }),
]);
export type GeometryConfig = z.infer<typeof geometrySchema>;

/** The measures that a config means. */
export function geometryOf(config: GeometryConfig): Geometry {
  return typeof config === 'string' ? geometries[config] : config;
}

/** Side of the window in pixels. */
export function windowSide({ cell }: Geometry): number {
  return 3 * cell;
}
