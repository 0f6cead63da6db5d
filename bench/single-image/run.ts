// Single-image generation beside Pillow in two processes: 256-pixel images of the same parameters, each encoded as a
// JPEG of quality 95, in alternating rounds; and the mean difference of the images before encoding.
// node --import tsx bench/single-image/run.ts [--rounds 5] [--picture <file>]; exits with 1 when a goal is missed.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openPicture } from '@selfsup/data/loose-images';
import { startPool } from '@selfsup/data/testing/internals';
import { drawsFor, ImageMaker, strengthsSchema, type Generator } from '@selfsup/data/testing/single-image';
import { oraclePython } from '../oracle.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    picture: {
      type: 'string',
      default: fileURLToPath(new URL('../../packages/data/src/sources/single-image/scene.jpg', import.meta.url)),
    },
  },
});
const python = oraclePython();
if (python === undefined) throw new Error('Run bench/setup-oracles first.');
const [size, images, compared, seed] = [256, 600, 64, 1];
const goals = { ratio: 3, difference: 3 };

const encoded = await readFile(options.picture);
const shared = new Uint8Array(new SharedArrayBuffer(encoded.length));
shared.set(encoded);
const strengths = strengthsSchema.parse({});
const generator: Generator = { pictures: [shared], count: images + 1, test: 1, size, seed, strengths };
const { height, width } = await openPicture(encoded, 3);
const draws = Array.from({ length: images }, (_, i) => drawsFor(strengths, seed, i + 1, width, height));

const pool = startPool<readonly number[], number>(2, new URL('./ours-worker.ts', import.meta.url), generator);
async function ours(): Promise<number> {
  const groups = Array.from({ length: Math.ceil(images / 8) }, (_, group) =>
    Array.from({ length: 8 }, (_, i) => group * 8 + i + 1).filter((index) => index <= images),
  );
  const start = performance.now();
  await Promise.all(groups.map((group) => pool.ask(group)));
  return images / ((performance.now() - start) / 1000);
}

const work = await mkdtemp(join(tmpdir(), 'selfsup-bench-single-'));
try {
  const settings = join(work, 'settings.json');
  const raw = join(work, 'raw.bin');
  await writeFile(settings, JSON.stringify({ picture: options.picture, size, draws, to: raw }));
  const pillow = (): number => {
    const script = fileURLToPath(new URL('pillow.py', import.meta.url));
    const output = execFileSync(python, [script, settings], { encoding: 'utf8' });
    return (JSON.parse(output) as { imagesPerSecond: number }).imagesPerSecond;
  };
  await ours(); // to warm up
  const rates: { ours: number; pillow: number }[] = [];
  for (let round = 0; round < Number(options.rounds); round++) rates.push({ ours: await ours(), pillow: pillow() });
  await pool.close();

  const theirs = await readFile(raw);
  const maker = new ImageMaker(generator);
  let [sum, largest] = [0, 0];
  for (let i = 0; i < compared; i++) {
    const { pixels } = await maker.make(i + 1);
    const other = theirs.subarray(i * pixels.length, (i + 1) * pixels.length);
    const mean = pixels.reduce((total, value, at) => total + Math.abs(value - other[at]!), 0) / pixels.length;
    sum += mean;
    largest = Math.max(largest, mean);
  }
  const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const range = (values: readonly number[], digits: number) =>
    `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
  const ratios = rates.map((one) => one.ours / one.pillow);
  console.log(`picture of ${width} × ${height}, ${images} images of ${size} × ${size}`);
  console.log(
    `ours, 2 threads:       ${range(
      rates.map((one) => one.ours),
      0,
    )} images/s`,
  );
  console.log(
    `Pillow, 2 processes:   ${range(
      rates.map((one) => one.pillow),
      0,
    )} images/s`,
  );
  console.log(`ratio ${range(ratios, 2)}, goal ${goals.ratio}: ${median(ratios) >= goals.ratio ? 'met' : 'MISSED'}`);
  const difference = sum / compared;
  const verdict = difference <= goals.difference ? 'met' : 'MISSED';
  console.log(
    `mean difference ${difference.toFixed(3)}/255 (most of an image: ${largest.toFixed(3)}), goal ${goals.difference}: ${verdict}`,
  );
  if (median(ratios) < goals.ratio || difference > goals.difference) process.exitCode = 1;
} finally {
  await rm(work, { recursive: true, force: true });
}
process.exit();
