// One run of our k-means on rows of a file: ours.ts <JSON settings>; prints seconds and writes the centroids.
import { readFileSync, writeFileSync } from 'node:fs';
import { kmeans } from '@selfsup/numerics/kmeans';
import { memoryRows } from '@selfsup/numerics/row-source';

const { data, width, k, iterations, centroids } = JSON.parse(process.argv[2]!) as {
  data: string;
  width: number;
  k: number;
  iterations: number;
  centroids: string;
};
const bytes = readFileSync(data);
const rows = memoryRows(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), width);
const options = { k, seed: 0, start: 'first' as const };
await kmeans(rows, { ...options, iterations: 2 });
const cpu = process.cpuUsage();
const begin = performance.now();
const result = await kmeans(rows, { ...options, iterations });
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(cpu);
writeFileSync(centroids, new Uint8Array(result.centroids.buffer));
console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, claimed: result.objective }));
