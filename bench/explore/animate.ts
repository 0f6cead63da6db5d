// Makes docs/explore.webp, the moving picture in the README, out of real pictures of a page in headless Chromium: test images
// are turned, and the probabilities and maps of attention follow.
// node --import tsx bench/explore/animate.ts <explore.html of quickstart> [--to docs/explore.webp]
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { openPage } from '@selfsup/explore/testing/internals';
import { choose, settled } from './drive.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { to: { type: 'string', default: 'docs/explore.webp' } },
});
const [file] = positionals;
if (file === undefined) throw new Error('Name the page.');
/** Test images, and how far each is turned, step by step. */
const shown = [0, 9, 16];
const steps = [0, 0, 0, 0, 10, 25, 45, 65, 80, 90, 90, 90, 90, 100, 120, 150, 170, 180, 180, 180, 180];

const browser = await openPage(file);
// What moves by itself would be caught half way.
await browser.look({ width: 860, height: 900, still: true });
await browser.evaluate(settled);
const part = await browser.evaluate<{ x: number; y: number; width: number; height: number }>(`(() => {
  const [from, to] = ['.turning', '[data-network]'].map((one) => document.querySelector(one).getBoundingClientRect());
  return { x: 8, y: from.top - 12 + scrollY, width: 844, height: to.bottom - from.top + 20 };
})()`);
const frames: Uint8Array[] = [];
for (const image of shown)
  for (const degrees of steps) {
    await browser.evaluate(choose(image, degrees));
    await browser.evaluate(settled);
    frames.push(await browser.screenshot(part));
  }
await browser.close();
const { size, width, height } = await sharp(
  frames.map((frame) => Buffer.from(frame)),
  { join: { animated: true } },
)
  .webp({ quality: 60, effort: 6, loop: 0, delay: frames.map(() => 110) })
  .toFile(values.to);
console.log(
  `${values.to}: ${frames.length} pictures of ${width} × ${height / frames.length}, ${Math.round(size / 1000)} kB`,
);
