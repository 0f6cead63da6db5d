/**
 * Ten kinds of upright figures, each a union of polygons and ellipses minus others, in a square of side 2 around the
 * origin (x to the right, y down). None of them looks like itself, or like another, when it is turned by a quarter,
 * half or three quarters: which way is up can be read off each.
 */

/** A part of a figure: a polygon [x, y, x, y, …] or an ellipse, added to it or cut out of it. */
export type Part = { readonly cut?: true } & (
  | { readonly polygon: readonly number[] }
  | { readonly ellipse: readonly [x: number, y: number, radiusX: number, radiusY: number] }
);

/** Class names in the order of their labels, with the parts that draw them; later parts go over earlier ones. */
export const outlines: Readonly<Record<string, readonly Part[]>> = {
  arrow: [{ polygon: [0, -0.95, 0.75, -0.1, 0.28, -0.1, 0.28, 0.95, -0.28, 0.95, -0.28, -0.1, -0.75, -0.1] }],
  boat: [
    { polygon: [-0.95, 0.35, 0.95, 0.35, 0.6, 0.9, -0.6, 0.9] },
    { polygon: [-0.08, 0.35, -0.08, -0.95, 0.08, -0.95, 0.08, 0.35] },
    { polygon: [0.16, -0.85, 0.8, 0.2, 0.16, 0.2] },
  ],
  crown: [
    { polygon: [-0.9, 0.7, -0.9, -0.65, -0.45, 0.05, 0, -0.85, 0.45, 0.05, 0.9, -0.65, 0.9, 0.7] },
    { ellipse: [0, -0.8, 0.15, 0.15] },
  ],
  flag: [
    { polygon: [-0.7, -0.95, -0.5, -0.95, -0.5, 0.95, -0.7, 0.95] },
    { polygon: [-0.5, -0.9, 0.85, -0.9, 0.5, -0.45, 0.85, 0, -0.5, 0] },
  ],
  heart: [
    { ellipse: [-0.43, -0.4, 0.47, 0.47] },
    { ellipse: [0.43, -0.4, 0.47, 0.47] },
    { polygon: [-0.86, -0.2, 0, -0.42, 0.86, -0.2, 0, 0.92] },
  ],
  house: [
    { polygon: [0, -0.95, 0.95, -0.1, 0.7, -0.1, 0.7, 0.9, -0.7, 0.9, -0.7, -0.1, -0.95, -0.1] },
    { polygon: [0.4, -0.9, 0.62, -0.9, 0.62, -0.2, 0.4, -0.4] },
    { cut: true, polygon: [-0.2, 0.9, -0.2, 0.25, 0.2, 0.25, 0.2, 0.9] },
  ],
  mug: [
    { ellipse: [0.5, 0, 0.45, 0.45] },
    { cut: true, ellipse: [0.5, 0, 0.25, 0.25] },
    { polygon: [-0.85, -0.75, 0.45, -0.75, 0.35, 0.85, -0.75, 0.85] },
  ],
  mushroom: [
    { ellipse: [0, -0.05, 0.95, 0.85] },
    { cut: true, polygon: [-1, 0, 1, 0, 1, 1, -1, 1] },
    { polygon: [-0.25, 0, 0.25, 0, 0.35, 0.95, -0.35, 0.95] },
  ],
  tree: [
    { polygon: [0, -0.95, 0.5, -0.35, 0.25, -0.35, 0.65, 0.15, 0.35, 0.15, 0.85, 0.65, -0.85, 0.65] },
    { polygon: [0, -0.95, -0.5, -0.35, -0.25, -0.35, -0.65, 0.15, -0.35, 0.15, -0.85, 0.65, 0.1, 0.65] },
    { polygon: [-0.14, 0.6, 0.14, 0.6, 0.14, 0.95, -0.14, 0.95] },
  ],
  umbrella: [
    { ellipse: [0, 0, 0.95, 0.8] },
    { cut: true, polygon: [-1, 0.05, 1, 0.05, 1, 1, -1, 1] },
    { polygon: [-0.06, 0, 0.06, 0, 0.06, 0.75, -0.06, 0.75] },
    { polygon: [0.06, 0.62, 0.06, 0.78, 0.42, 0.78, 0.42, 0.5, 0.3, 0.5, 0.3, 0.62] },
    { polygon: [-0.06, -0.95, 0.06, -0.95, 0.06, -0.7, -0.06, -0.7] },
  ],
};

function insidePolygon(points: readonly number[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [points[i]!, points[i + 1]!, points[j]!, points[j + 1]!];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function insidePart(part: Part, x: number, y: number): boolean {
  if ('polygon' in part) return insidePolygon(part.polygon, x, y);
  const [centreX, centreY, radiusX, radiusY] = part.ellipse;
  return ((x - centreX) / radiusX) ** 2 + ((y - centreY) / radiusY) ** 2 <= 1;
}

/** Whether the point (x, y), in the figure's own square of side 2, belongs to the figure. */
export function insideFigure(parts: readonly Part[], x: number, y: number): boolean {
  for (let i = parts.length - 1; i >= 0; i--) {
    if (insidePart(parts[i]!, x, y)) return parts[i]!.cut !== true;
  }
  return false;
}
