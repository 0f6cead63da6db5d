// Resident memory over many steps of a small NIN. Prints a line now and then, and the growth after warm-up at the end.
import { tf } from '@selfsup/engine/tensorflow';
import { processMemory } from '@selfsup/engine/testing/memory';
import nin from '../train-step/systems/nin.ts';

const [width = 8, batch = 16, steps = 20_000, warmUp = 1_000] = process.argv.slice(2).map(Number);
const megabytes = (bytes: number) => bytes / 1e6;
const step = await nin.step({ width, batch });
let [afterWarmUp, most] = [Number.NaN, 0];
const start = performance.now();
for (let done = 1; done <= steps; done++) {
  step();
  if (done === warmUp) afterWarmUp = processMemory().rss;
  if (done > warmUp && done % 100 === 0) most = Math.max(most, processMemory().rss);
  if (done % Math.ceil(steps / 20) === 0) {
    const { rss } = processMemory();
    const rate = (1000 * done) / (performance.now() - start);
    console.error(
      `${done} steps, ${megabytes(rss).toFixed(0)} MB, ${tf.memory().numTensors} tensors, ${rate.toFixed(0)}/s`,
    );
  }
  // Node collects its own garbage between turns of its event loop, as it can in a trainer.
  if (done % 10 === 0) await new Promise(setImmediate);
}
const last = processMemory().rss;
console.log(JSON.stringify({ afterWarmUp, last, growth: last - afterWarmUp, mostGrowth: most - afterWarmUp }));
