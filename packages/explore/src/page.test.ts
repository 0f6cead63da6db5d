import { statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset } from '@selfsup/data/dataset';
import { shapes } from '@selfsup/eval/testing/stages';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { html } from '@selfsup/report/markup';
import { gatherNetwork } from './make/gather-network.ts';
import { makePage } from './make/make-page.ts';
import type { PageData } from './page-data.ts';
import { turned } from './page/turned.ts';
import { runNetwork, type RunningNetwork } from './running-network.ts';
import { chromium, openPage, type OpenPage } from './testing/chromium.ts';
import { rotationNetwork } from './testing/rotation-network.ts';

const folder = temporaryFolder('explore');
const file = join(folder, 'explore.html');
const images = 40;
let page: string;
let networks: RunningNetwork[];
let pixels: (image: number) => Float32Array;

beforeAll(async () => {
  const dataset = openDataset((await shapes(16)).blob('lmdb'));
  const checkpoints = await Promise.all(
    [3, 100].map(async (sharpness) => {
      const label = sharpness === 3 ? 'dull' : 'sharp';
      return { label, checkpoint: await rotationNetwork(folder, label, sharpness) };
    }),
  );
  page = await makePage({
    title: 'Two networks <b>',
    eyebrow: html`a test`,
    networks: checkpoints,
    ...{ dataset, images, panels: ['rotnet'] },
  });
  writeFileSync(file, page);
  networks = await Promise.all(
    checkpoints.map(async ({ label, checkpoint }) => {
      const { facts, modules, tensors } = await gatherNetwork({ label, checkpoint }, [], {});
      return runNetwork(facts, modules, tensors);
    }),
  );
  const { images: data } = JSON.parse(/<script id="page"[^>]*>(.*?)<\/script>/s.exec(page)![1]!) as PageData;
  const all = data.indices.map((index) => Float32Array.from(dataset.image('test', index)));
  pixels = (image) => all[image]!;
  await dataset.close();
});

/** Waits in the page until it has answered all that it was asked. */
const settledNow = `new Promise((done) => {
  const look = () => document.querySelector('main').getAttribute('aria-busy') === 'false' || document.querySelector('[role=alert]') ? done() : setTimeout(look, 5);
  look();
})`;

test('the page is one file whose policy lets nothing in or out', () => {
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)!;
  expect(policy).toMatch(
    /^default-src &#39;none&#39;; script-src (&#39;sha256-[^;]*&#39; ){2}&#39;wasm-unsafe-eval&#39;;/,
  );
  expect(policy).not.toMatch(/unsafe-inline|https?:|\*/);
  expect(page).not.toMatch(/<(link|iframe|object|embed|img)\b|\bsrc=|@import|url\(/);
  expect(page).toContain('Two networks &lt;b&gt;');
  expect(page).toContain('dull: weights in float16');
  expect(page).toContain('sharp: weights in float32');
});

// Where there is no Chromium these are passed over: SELFSUP_CHROMIUM names one.
describe.skipIf(chromium === undefined)('opened from its file with the network off', () => {
  let browser: OpenPage;
  beforeAll(async () => {
    browser = await openPage(file);
    await settled();
  });
  afterAll(() => browser?.close());

  const settled = (): Promise<void> => browser.evaluate(settledNow);
  /** Chooses an image and an angle as a hand would, and reads what is shown. */
  const answersTo = async (image: number, degrees: number): Promise<Record<string, number[]>> => {
    await browser.evaluate(`{
      document.querySelectorAll('[name=picture]')[${image}].click();
      const slider = document.getElementById('turn');
      slider.value = ${degrees};
      slider.dispatchEvent(new Event('input'));
    }`);
    await settled();
    return browser.evaluate(`Object.fromEntries([...document.querySelectorAll('[data-network]')].map((network) =>
      [network.dataset.network, [...network.querySelectorAll('[data-probability]')].map((one) => Number(one.dataset.probability))]))`);
  };

  test('it answers, and says by what it computes', async () => {
    expect(await browser.evaluate(`document.getElementById('status').textContent`)).toMatch(/^Computed here by \w+/);
    expect(browser.said).toEqual([]);
  });

  test('the probabilities shown are those that Node computes, however the picture is turned', async () => {
    for (let image = 0; image < images; image++) {
      const degrees = (image % 2 === 0 ? 90 * (image / 2) : 37 * image) % 360;
      const shown = await answersTo(image, degrees);
      for (const network of networks) {
        const { label } = network.facts;
        const { probabilities } = await network.look(turned(pixels(image), 16, 3, degrees));
        const difference = Math.max(...probabilities.map((value, i) => Math.abs(value - shown[label]![i]!)));
        expect(difference, `${label}, image ${image}`).toBeLessThan(label === 'sharp' ? 1e-5 : 1e-3);
      }
      expect(shown['random']).toEqual([]);
    }
  }, 120_000);

  test('the keyboard turns it, and those who do not see it are told', async () => {
    await answersTo(3, 90);
    await browser.evaluate(`document.getElementById('turn').focus()`);
    await browser.press('ArrowRight');
    await settled();
    expect(await browser.evaluate(`document.querySelector('output').textContent`)).toBe('91°');
    expect(await browser.evaluate(`document.querySelector('section:last-of-type [role=status]').textContent`)).toMatch(
      /^test image \d+, \w+, turned by 91°\. dull says \d+°, with \d+ %\. sharp says /,
    );
  });

  test('a picture that is dropped is looked at, and stays', async () => {
    await browser.evaluate(`(async () => {
      const canvas = new OffscreenCanvas(40, 30);
      canvas.getContext('2d').fillRect(5, 5, 20, 10);
      const transfer = new DataTransfer();
      transfer.items.add(new File([await canvas.convertToBlob()], 'own.png', { type: 'image/png' }));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
      while (!document.querySelector('.turning [role=img]').ariaLabel.startsWith('your picture')) await new Promise((soon) => setTimeout(soon, 5));
    })()`);
    await settled();
    expect(await browser.evaluate(`document.querySelectorAll('[name=picture]:checked').length`)).toBe(0);
  });

  test('it fits 360 pixels', async () => {
    await browser.look({ width: 360, height: 700, dark: true });
    expect(await browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });

  test('it has asked for nothing but itself, and can ask for nothing', async () => {
    const refused = `fetch('data:text/plain,x').then(() => 'let through', () => 'refused')`;
    expect(await browser.evaluate(refused)).toBe('refused');
    expect(browser.requests.filter((address) => !address.startsWith('data:'))).toEqual([
      expect.stringMatching(/^file:.*explore\.html$/),
    ]);
    expect(statSync(file).size).toBeLessThan(3e6);
  });
});

// Chromium is told that this machine is all of `*.example`: whatever asks for anything there is heard.
describe.skipIf(chromium === undefined)('opened with the network on, before a listener', () => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (start) => {
      heard.push(/^host: (.*)$/im.exec(String(start))?.[1] ?? 'no request for a page');
      socket.destroy();
    });
  });
  const port = (): number => (server.address() as AddressInfo).port;
  beforeAll(() => new Promise<void>((done) => void server.listen(0, '127.0.0.1', done)));
  afterAll(() => void server.close());

  /** Asks for something in every way that scripts have; waits until none of them can come to anything more. */
  const askAround = `(async () => {
    const ways = [
      () => fetch('http://fetch.example/'),
      () => new Promise((done) => Object.assign(new Image(), { onload: done, onerror: done, src: 'http://image.example/' })),
      () => new Promise((done) => Object.assign(new WebSocket('ws://socket.example/'), { onerror: done, onclose: done })),
      () => new Promise((done) => Object.assign(new EventSource('http://events.example/'), { onerror: done })),
      () => new Promise((done) => document.head.append(Object.assign(document.createElement('script'), { onload: done, onerror: done, src: 'http://script.example/' }))),
      () => new Promise((done) => document.head.append(Object.assign(document.createElement('link'), { onload: done, onerror: done, rel: 'stylesheet', href: 'http://style.example/' }))),
    ];
    await Promise.allSettled(ways.map(async (way) => way()));
  })()`;

  test('it hears whatever another page asks for', async () => {
    const careless = join(folder, 'careless.html');
    writeFileSync(careless, '<!doctype html><title>Careless</title>');
    const browser = await openPage(careless, { answering: port() });
    await browser.evaluate(askAround);
    await browser.close();
    const hosts = ['events', 'fetch', 'image', 'script', 'socket', 'style'].map((name) => `${name}.example`);
    expect([...new Set(heard.splice(0))].sort()).toEqual(hosts);
  });

  test('it hears nothing of this one: not when it is opened and used, nor when its own scripts would ask', async () => {
    const browser = await openPage(file, { answering: port() });
    await browser.evaluate(settledNow);
    await browser.evaluate(`document.querySelectorAll('[name=picture]')[7].click()`);
    await browser.evaluate(settledNow);
    expect(browser.requests.filter((address) => !address.startsWith('data:'))).toHaveLength(1);
    await browser.evaluate(askAround);
    await browser.close();
    expect(heard).toEqual([]);
  });
});
