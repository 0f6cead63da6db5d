// Features of a file through PCA with whitening, L2 and k-means: stream.ts <JSON settings>; prints the peak of memory.
import { closeSync, openSync, writeSync } from 'node:fs';
import { processMemory } from '@selfsup/engine/testing/memory';
import { kmeans } from '@selfsup/numerics/kmeans';
import { fitPca, projectedRows } from '@selfsup/numerics/pca';
import { fileRows } from '@selfsup/numerics/row-source';

const { from, to, rows, width, components, k } = JSON.parse(process.argv[2]!) as {
  from: string;
  to: string;
  rows: number;
  width: number;
  components: number;
  k: number;
};
const times: number[] = [performance.now()];
const features = fileRows(from, rows, width);
const pca = await fitPca(features, { components });
times.push(performance.now());
const pcaPeak = processMemory().peak;
const projected = projectedRows(features, pca, { normalise: true });
const file = openSync(to, 'w');
for (let start = 0; start < rows; start += 2000) {
  const values = await projected.read(start, Math.min(2000, rows - start));
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}
closeSync(file);
features.close();
times.push(performance.now());
const reduced = fileRows(to, rows, components);
const result = await kmeans(reduced, { k, seed: 0 });
reduced.close();
times.push(performance.now());
const [pcaSeconds, projectSeconds, kmeansSeconds] = times.slice(1).map((time, i) => (time - times[i]!) / 1000);
const peak = processMemory().peak;
const { objective, empty } = result;
console.log(JSON.stringify({ peak, pcaPeak, pcaSeconds, projectSeconds, kmeansSeconds, objective, empty }));
