import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset } from '@selfsup/data/dataset';
import { shapes } from '@selfsup/eval/testing/stages';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { html } from '@selfsup/report/markup';
import { gatherNetwork, type NetworkSource } from '../make/gather-network.ts';
import { makePage } from '../make/make-page.ts';
import { trainingData } from '../make/training-data.ts';
import type { TrainingData } from '../page-data.ts';
import type { PanelFacts } from '../panel.ts';
import { runNetwork } from '../running-network.ts';
import { chromium, openPage, type OpenPage } from '../testing/chromium.ts';
import { untrained, untrainedProbe } from '../testing/untrained.ts';
import aed from './aed/aed.ts';
import aet from './aet/aet.ts';
import bigan from './bigan/bigan.ts';
import deepcluster from './deepcluster/deepcluster.ts';
import jigsaw from './jigsaw/jigsaw.ts';
import probe from './probe/probe.ts';

const panels = { aed, aet, bigan, deepcluster, jigsaw, probe };
const systems = ['aed', 'affine', 'projective', 'bigan', 'deepcluster', 'jigsaw', 'scattering'] as const;

describe.skipIf(chromium === undefined)('what panels show of the first test image is what Node computes', () => {
  const folder = temporaryFolder('panels');
  let browser: OpenPage;
  let image: Float32Array;
  let probeFile: string;
  let trainedOn: TrainingData;
  const sourceOf = (label: (typeof systems)[number]): NetworkSource => ({
    ...{ label, checkpoint: join(folder, `${label}.safetensors`) },
    ...(label === 'deepcluster' && { trainedOn, probes: [{ file: probeFile, metrics: [] }] }),
  });
  const settled = (): Promise<void> =>
    browser.evaluate(`new Promise((done) => {
      const look = () => document.querySelector('main').getAttribute('aria-busy') === 'false' || document.querySelector('[role=alert]') ? done() : setTimeout(look, 5);
      look();
    })`);

  beforeAll(async () => {
    const lmdb = (await shapes(32)).blob('lmdb');
    const dataset = openDataset(lmdb);
    image = Float32Array.from(dataset.image('test', 0));
    for (const system of systems) await untrained(folder, system);
    probeFile = await untrainedProbe(folder);
    trainedOn = { ...(await trainingData(lmdb)), ofFewPictures: true };
    const page = await makePage({
      ...{ title: 'All', eyebrow: html`a test`, dataset, images: 8, weights: 1e6 },
      networks: [...systems.map(sourceOf), { label: 'large', checkpoint: await untrained(folder, 'large') }],
      panels: [...Object.keys(panels), 'filters', 'neighbours', 'single-image'],
    });
    await dataset.close();
    writeFileSync(join(folder, 'explore.html'), page);
    browser = await openPage(join(folder, 'explore.html'));
    await settled();
  });
  afterAll(() => browser?.close());

  /** What a panel says in Node of the image. */
  const figures = async (label: (typeof systems)[number], panel: PanelFacts): Promise<number[]> => {
    const { facts, modules, tensors } = await gatherNetwork(sourceOf(label), [], panels);
    return Array.from(await panel.figures!(runNetwork(facts, modules, tensors), image, 1));
  };
  /** The values of an attribute in the part of the page that is under a title. */
  const shown = (title: string, attribute: string): Promise<string[]> =>
    browser.evaluate(`[...[...document.querySelectorAll('section')].find((one) => one.querySelector('h2').textContent === ${JSON.stringify(title)})
      .querySelectorAll('[data-${attribute}]')].map((one) => one.getAttribute('data-${attribute}'))`);

  test('nothing went wrong', async () => {
    expect(await browser.evaluate(`document.querySelector('[role=alert]')?.textContent ?? ''`)).toBe('');
    expect(browser.said).toEqual([]);
    expect(browser.requests).toHaveLength(1);
  });

  test('AED: how far the reconstruction is off', async () => {
    const made = await figures('aed', aed);
    const off = made.reduce((sum, value, i) => sum + Math.abs(value * 2.55 - image[i]!), 0) / made.length;
    expect(Number((await shown(aed.title, 'difference'))[0])).toBeCloseTo(off, 1);
  });

  test.each(['affine', 'projective'] as const)('AET: where an %s estimate has the corners', async (kind) => {
    const expected = (await figures(kind, aet)).map((value) => (value * 32) / 100);
    const all = await shown(aet.title, 'corners');
    const corners = all[kind === 'affine' ? 0 : 1]!.split(' ').map(Number);
    corners.forEach((value, i) => expect(value / expected[i]!).toBeCloseTo(1, 2));
  });

  test.each(['affine', 'projective'] as const)(
    'AET: a corner of an %s picture goes where it is pulled',
    async (kind) => {
      const at = kind === 'affine' ? 0 : 1;
      const before = (await shown(aet.title, 'corners'))[at];
      const [left, top, side] = await browser.evaluate<[number, number, number]>(`(() => {
      const stage = document.querySelectorAll('.stage')[${at}];
      stage.scrollIntoView({ block: 'center', behavior: 'instant' });
      const { left, top, width } = stage.getBoundingClientRect();
      return [left, top, width];
    })()`);
      const place = (x: number, y: number): [number, number] => [left + (x * side) / 32, top + (y * side) / 32];
      await browser.drag(place(3, 2), place(6.6, 2.2));
      await settled();
      const points = await browser.evaluate<string>(
        `document.querySelectorAll('.stage .truth')[${at}].getAttribute('points')`,
      );
      const [x, y] = points.split(' ')[0]!.split(',').map(Number);
      // Sliders have steps.
      expect(Math.abs(x! - 6.6)).toBeLessThan(0.5);
      expect(Math.abs(y! - 2.2)).toBeLessThan(0.5);
      expect((await shown(aet.title, 'corners'))[at]).not.toBe(before);
    },
  );

  test('BiGAN: the image out of its code', async () => {
    const expected = await figures('bigan', bigan);
    const pixels = await browser.evaluate<number[]>(`(() => {
      const canvas = document.querySelector('[aria-label^="G(E(x))"]');
      return [...canvas.getContext('2d').getImageData(0, 0, 32, 32).data].filter((_, i) => i % 4 < 3);
    })()`);
    const most = Math.max(...pixels.map((value, i) => Math.abs(value - expected[i]! * 2.55)));
    expect(most).toBeLessThan(0.8);
  });

  test('BiGAN: z changes by the keyboard, and the way between two pictures ends at both', async () => {
    const drawn = (name: string): Promise<string> =>
      browser.evaluate(`document.querySelector('[aria-label^="${name}"]').toDataURL()`);
    const [z, own] = [await drawn('G(z)'), await drawn('G(E(x))')];
    await browser.evaluate(`document.querySelector('[id^="z1-"]').focus()`);
    for (let i = 0; i < 20; i++) await browser.press('ArrowRight');
    await settled();
    expect(await drawn('G(z)')).not.toBe(z);
    for (const share of [100, 0]) {
      await browser.evaluate(`{ const one = document.querySelector('[id^="between-"]'); one.value = ${share}; one.dispatchEvent(new Event('input')); }`); // prettier-ignore
      await settled();
      expect((await drawn('between')) === own).toBe(share === 100);
    }
  });

  test('DeepCluster: the likeliest clusters', async () => {
    const expected = (await figures('deepcluster', deepcluster)).sort((a, b) => b - a).slice(0, 3);
    const probabilities = (await shown(deepcluster.title, 'probability')).map((value) => 100 * Number(value));
    probabilities.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 1));
    expect(probabilities).toHaveLength(3);
  });

  test('linear probes: the likeliest classes of each layer', async () => {
    const all = await figures('deepcluster', probe);
    const expected = [all.slice(0, 4), all.slice(4)].flatMap((one) => one.sort((a, b) => b - a).slice(0, 3));
    const probabilities = (await shown(probe.title, 'probability')).map((value) => 100 * Number(value));
    probabilities.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 1));
    expect(probabilities).toHaveLength(6);
  });

  test('one picture: the first images that a network saw, and its filters', async () => {
    const [training, filters] = await browser.evaluate<number[]>(`(() => {
      const section = [...document.querySelectorAll('section')].find((one) => one.querySelector('h2').textContent === 'What so few pictures taught');
      return ['Training image', 'Filter'].map((start) => section.querySelectorAll('canvas[aria-label^="' + start + '"]').length);
    })()`);
    expect(training).toBe(8);
    expect(filters).toBeGreaterThan(0);
  });

  test('what cannot run is left out, and why', async () => {
    const told = await browser.evaluate<string[]>(
      `[...document.querySelectorAll('#left-out p')].map((one) => one.textContent.replaceAll(/\\s+/g, ' '))`,
    );
    expect(told).toEqual([
      expect.stringMatching(
        /^large is left out: its 1\.\d million weights would take \d\.\d MB here, and a page has 1\.0 MB for weights, of which 0\.\d MB were left\.$/,
      ),
      "scattering is left out, since it cannot run here: Nothing stands in for TensorFlow's op Complex in a page.",
    ]);
  });

  test('Jigsaw: how sure it is of an order of the set, also after two tiles were exchanged by hand', async () => {
    const expected = Math.max(...(await figures('jigsaw', jigsaw)));
    const [before] = await shown(jigsaw.title, 'probability');
    expect(100 * Number(before)).toBeCloseTo(expected, 1);
    await browser.evaluate(`for (const slot of [0, 8]) document.querySelectorAll('.tile')[slot].click()`);
    await settled();
    expect((await shown(jigsaw.title, 'probability'))[0]).not.toBe(before);
  });

  test('the nearest test images are found when they are asked for', async () => {
    await browser.evaluate(
      `[...document.querySelectorAll('button')].find((one) => one.textContent.startsWith('Look through')).click()`,
    );
    await settled();
    const names = await browser.evaluate<string[]>(
      `[...document.querySelectorAll('[aria-label^="Neighbour 1:"]')].map((one) => one.ariaLabel)`,
    );
    expect(names.length).toBeGreaterThan(systems.length);
    for (const name of names) expect(name).toMatch(/^Neighbour 1: test image \d+, /);
  });
});
