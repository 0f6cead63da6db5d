/** Control points along a side that has `cells` cells. */
export function controlPoints(cells: number): number {
  return cells + 3;
}

/** Weights of the four control points around a place `t` of 0..1 inside a cell: the uniform cubic B-spline. */
function splineWeights(t: number): [number, number, number, number] {
  const rest = 1 - t;
  return [rest ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6, t ** 3 / 6];
}

/** For each pixel along a side, the weights of all control points. */
function sideWeights(pixels: number, cells: number): number[][] {
  return Array.from({ length: pixels }, (_, pixel) => {
    const place = ((pixel + 0.5) / pixels) * cells;
    const cell = Math.min(Math.floor(place), cells - 1);
    const weights = new Array<number>(controlPoints(cells)).fill(0);
    splineWeights(place - cell).forEach((weight, i) => (weights[cell + i] = weight));
    return weights;
  });
}

/**
 * The matrix `[height · width, points²]`, row by row, that spreads values at a grid of control points smoothly over an
 * image (free-form deformation, Lee, Wolberg and Shin 1997). A surface whose points shift by less than 0.4886 of their
 * distance along each axis does not fold (Choi and Lee 2000).
 */
export function splineMatrix(height: number, width: number, cells: number): Float32Array {
  const points = controlPoints(cells);
  const [down, across] = [sideWeights(height, cells), sideWeights(width, cells)];
  const matrix = new Float32Array(height * width * points * points);
  let next = 0;
  for (const row of down) {
    for (const column of across) {
      for (const weight of row) for (const other of column) matrix[next++] = weight * other;
    }
  }
  return matrix;
}
