import { nearestNeighbours, type Neighbours } from '@selfsup/numerics/nearest-neighbours';
import { memoryRows } from '@selfsup/numerics/row-source';

/** Places `[rows, 2]` brought into the unit square, both axes by one scale; what is narrower lies in the middle. */
export function unitCoordinates(coordinates: Float32Array): Float32Array {
  const ranges = [0, 1].map((axis) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = axis; i < coordinates.length; i += 2) {
      low = Math.min(low, coordinates[i] as number);
      high = Math.max(high, coordinates[i] as number);
    }
    return { middle: (low + high) / 2, extent: high - low };
  });
  const extent = Math.max(...ranges.map((range) => range.extent));
  return coordinates.map((place, i) => (extent > 0 ? (place - ranges[i % 2]!.middle) / extent : 0) + 0.5);
}

/** Of a row's k nearest neighbours the share, in [0, 1], that are its k nearest in the map `[rows, 2]` too; its mean over rows. */
export async function keptNeighbours({ k, indices }: Neighbours, coordinates: Float32Array): Promise<number> {
  const rows = memoryRows(coordinates, 2);
  const search = { queries: rows, bank: rows, k, metric: 'euclidean', leaveOneOut: true } as const;
  const mapped = (await nearestNeighbours(search)).indices;
  let kept = 0;
  for (let row = 0; row < rows.rows; row++) {
    const own = new Set(indices.subarray(row * k, (row + 1) * k));
    for (const other of mapped.subarray(row * k, (row + 1) * k)) if (own.has(other)) kept++;
  }
  return kept / indices.length;
}
