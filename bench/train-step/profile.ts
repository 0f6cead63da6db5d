// Where the time of our step goes, op by op, and how near the whole comes to the machine's matrix-multiply speed.
import { formatProfile, matrixMultiplyPeak, profile } from '@selfsup/engine/profile';
import { convolutionFlops, ourStep } from './nin.ts';
import { settings } from './timing.ts';

const { width, batch, warmUp, steps } = settings();
const step = ourStep(width, batch);
for (let i = 0; i < warmUp; i++) step();
const profiles = Array.from({ length: steps }, () => profile(() => void step(), { shapes: true }));
const fastest = profiles.reduce((best, one) => (one.milliseconds < best.milliseconds ? one : best));
const peak = matrixMultiplyPeak();
const reached = convolutionFlops(width, batch) / (fastest.milliseconds / 1000);
const giga = (flops: number) => `${(flops / 1e9).toFixed(0)} GFLOP/s`;
console.log(`Fastest of ${steps} steps, op by op (with the shape of the first output):\n${formatProfile(fastest)}`);
console.log(`\nConvolutions of a step: ${(convolutionFlops(width, batch) / 1e9).toFixed(1)} GFLOP.`);
console.log(`Whole step ${giga(reached)}; matrix multiply ${giga(peak)}; ratio ${(reached / peak).toFixed(2)}.`);
