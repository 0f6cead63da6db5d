import type { Clustering } from './clustering.ts';

/**
 * The cluster of each image by its path in the source, one a line: `path,cluster,distance`, the last being the squared
 * distance of its whitened features to the centroid. Paths are quoted where they must be (RFC 4180).
 */
export function assignmentCsv({ assignment, distances }: Clustering, pathOf: (place: number) => string): string {
  const lines = ['path,cluster,distance'];
  assignment.forEach((cluster, place) => {
    lines.push(`${quoted(pathOf(place))},${cluster},${Number(distances[place]!.toPrecision(6))}`);
  });
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
