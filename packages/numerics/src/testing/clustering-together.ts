// Run as several processes by kmeans-together.test.ts: clusters the same rows in many pieces, goes on from the middle, and tells
// the digest of each result.
import { cluster, joinCluster, membershipOf } from '@selfsup/engine/cluster';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { normal, randomKey } from '@selfsup/kit/random';

const membership = membershipOf(process.env);
if (membership !== undefined) (await joinCluster(membership, { purpose: 'k-means' })).sharesStage = true;
const { kmeans } = await import('../kmeans/kmeans.ts');
const { memoryRows } = await import('../row-source.ts');

const [rows, width] = [1000, 6];
const key = randomKey(1, 'rows');
const values = Float32Array.from({ length: rows * width }, (_, i) => normal(key, i) + 3 * (Math.floor(i / width) % 7));
// 16 pieces, of which three stay on the device.
const options = { k: 30, seed: 3, iterations: 8, chunkRows: 64, cacheBytes: 3 * 64 * (width + 1) * 4 };
type Options = NonNullable<Parameters<typeof kmeans>[1]>;

async function tell(name: string, more: Partial<Options>): Promise<void> {
  const result = await kmeans(memoryRows(values, width), { ...options, ...more });
  const plain = Object.entries(result).map(([field, value]) => [
    field,
    ArrayBuffer.isView(value) ? [...(value as Int32Array)] : value,
  ]);
  console.log(`${name} ${sha256(canonicalJson(Object.fromEntries(plain)))}`);
}

let middle: Options['resume'];
await tell('twice', {
  restarts: 2,
  onIteration: (state) => {
    if (state.restart === 1 && state.iteration === 3) middle = structuredClone(state);
  },
});
await tell('resumed', { restarts: 2, resume: (cluster()?.rank ?? 0) === 0 ? middle : undefined });
process.exit(0);
