// Where the time of our step goes, op by op, and how near the whole comes to the machine's matrix-multiply speed.
import { formatProfile, matrixMultiplyPeak, profile } from '@selfsup/engine/testing/profile';
import { loadSystem } from './system.ts';
import { settings } from './timing.ts';

const { system: name, shape, warmUp, steps } = settings();
const system = await loadSystem(name);
const step = await system.step(shape);
for (let i = 0; i < warmUp; i++) step();
const profiles = Array.from({ length: steps }, () => profile(() => void step(), { shapes: true }));
const fastest = profiles.reduce((best, one) => (one.milliseconds < best.milliseconds ? one : best));
console.log(`Fastest of ${steps} steps, op by op (with the shape of the first output):\n${formatProfile(fastest)}`);
const { flops } = step;
if (flops !== undefined) {
  const peak = matrixMultiplyPeak();
  const reached = flops / (fastest.milliseconds / 1000);
  const giga = (perSecond: number) => `${(perSecond / 1e9).toFixed(0)} GFLOP/s`;
  console.log(`\nConvolutions and matrix products of a step: ${(flops / 1e9).toFixed(1)} GFLOP.`);
  console.log(`Whole step ${giga(reached)}; matrix multiply ${giga(peak)}; ratio ${(reached / peak).toFixed(2)}.`);
}
