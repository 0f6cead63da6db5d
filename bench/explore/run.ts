// Pages of trained networks in headless Chromium, with the network off: how far what they show is from what Node computes from
// the same checkpoints, on 100 test images that are turned and shuffled; how large they are; from opening to the first answer;
// and each interaction, in milliseconds. The last page is of AlexNet at 224 pixels with random weights: `alexnet-224`.
// SELFSUP_ARTIFACTS=… node --import tsx bench/explore/run.ts [experiment…] [--images 100] [--opens 5] [--to <folder>]
// Of pages that are there already, only sizes and times: node --import tsx bench/explore/run.ts <page.html…> [--opens 5]
// Exits with 1 when a goal is missed: 1e-3 with float16 weights, 1e-5 with float32, nothing asked for but the page itself.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openDataset } from '@selfsup/data/dataset';
import { makePage } from '@selfsup/explore/make-page';
import { gatherNetwork, openPage, runNetwork, testImages, type PanelFacts } from '@selfsup/explore/testing/internals';
import { html } from '@selfsup/report/markup';
import { makeAlexNet } from './alexnet.ts';
import { compare, settled } from './drive.ts';
import { findPublished, type Published } from './published.ts';
import { sayTimes } from './times.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    images: { type: 'string', default: '100' },
    opens: { type: 'string', default: '5' },
    to: { type: 'string' },
  },
});
const artifacts = process.env['SELFSUP_ARTIFACTS'] ?? 'artifacts';
const opens = Number(options.opens);
const made = positionals.filter((one) => one.endsWith('.html'));
for (const file of made) await sayTimes(file, opens);
if (made.length > 0) process.exit();
const root = fileURLToPath(new URL('../../', import.meta.url));
const names =
  positionals.length > 0 ? positionals : [...readdirSync(join(root, 'pipelines/experiments')), 'alexnet-224'];
const folder = options.to ?? mkdtempSync(join(tmpdir(), 'selfsup-pages-'));
mkdirSync(folder, { recursive: true });
const panelNames = readdirSync(join(root, 'packages/explore/src/panels'), { withFileTypes: true }).flatMap((one) =>
  one.isDirectory() ? one.name : [],
);
const panels = Object.fromEntries(
  await Promise.all(panelNames.map(async (name) => [name, ((await import(`@selfsup/explore/panels/${name}`)) as { default: PanelFacts }).default] as const)), // prettier-ignore
);
let missed = 0;
const check = (isMet: boolean, text: string): void => {
  if (!isMet) missed++;
  console.log(`  ${isMet ? ' ' : '✗'} ${text}`);
};

function publishedBy(name: string): Published | undefined {
  if (!existsSync(join(artifacts, name))) return undefined;
  const file = join(root, 'pipelines/experiments', name, 'experiment.json');
  return findPublished(artifacts, name, JSON.parse(readFileSync(file, 'utf8')) as never);
}

for (const name of names) {
  const isAlexNet = name === 'alexnet-224';
  const images = isAlexNet ? 8 : Number(options.images);
  const published = isAlexNet ? await makeAlexNet(folder) : publishedBy(name);
  if (published === undefined) continue;
  const dataset = openDataset(published.lmdb);
  const file = join(folder, `${name}.html`);
  const request = { title: name, eyebrow: html`A benchmark`, networks: published.networks, dataset, images };
  writeFileSync(file, await makePage({ ...request, panels: panelNames }));
  const gathered = [];
  for (const source of published.networks) gathered.push(await gatherNetwork(source, dataset.manifest.classes, panels));
  const { pixels } = testImages(dataset, images, gathered[0]!.facts.input);
  await dataset.close();
  const size = pixels.length / images;
  const pictures = Array.from({ length: images }, (_, i) =>
    Float32Array.from(pixels.subarray(i * size, (i + 1) * size)),
  );
  const page = readFileSync(file, 'utf8');
  const { networks } = JSON.parse(/<script id="page"[^>]*>(.*?)<\/script>/s.exec(page)![1]!) as { networks: { label: string; precision: string }[] }; // prettier-ignore
  console.log(`${name}: ${(statSync(file).size / 1e6).toFixed(2)} MB, ${networks.map(({ label, precision }) => `${label} in ${precision}`).join(', ')}`); // prettier-ignore

  const browser = await openPage(file);
  await browser.evaluate(settled);
  console.log(`    ${await browser.evaluate<string>(`document.getElementById('status').textContent`)}`);
  for (const text of await browser.evaluate<string[]>(`[...document.querySelectorAll('#left-out p')].map((one) => one.textContent.replaceAll(/\\s+/g, ' '))`)) console.log(`    ${text}`); // prettier-ignore
  const running = gathered.map(({ facts, modules, tensors }) => runNetwork(facts, modules, tensors));
  for (const { panel, network, numbers, most, isAnswer } of await compare(browser, running, panels, pictures)) {
    const precision = networks.find(({ label }) => label === network)!.precision;
    const allowed = precision === 'float16' || !isAnswer ? 1e-3 : 1e-5;
    check(
      most < allowed,
      `${panel}, ${network}: ${numbers} numbers, at most ${most.toExponential(1)} apart (${allowed})`,
    );
  }
  running.forEach((one) => one.dispose());
  const asked = browser.requests.filter((address) => !address.startsWith('data:'));
  check(
    asked.length === 1 && browser.said.length === 0,
    `asked for ${asked.length} file, complained ${browser.said.length} times`,
  );
  await browser.close();
  await sayTimes(file, opens);
}
console.log(`${folder}: ${missed === 0 ? 'all goals met' : `${missed} goals missed`}`);
process.exitCode = missed === 0 ? 0 : 1;
