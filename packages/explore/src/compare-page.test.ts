import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { sampleComparison } from '@selfsup/report/testing/comparison';
import { makeComparison } from './make/make-comparison.ts';
import { chromium, openPage, type OpenPage } from './testing/chromium.ts';

/** Waits until the page has made itself. */
const settled = `new Promise((done) => {
  const look = () => document.querySelector('main').getAttribute('aria-busy') === 'false' ? done() : setTimeout(look, 5);
  look();
})`;

describe.skipIf(chromium === undefined)('the page of a comparison, opened from its file with the network off', () => {
  const file = join(temporaryFolder('compare'), 'explore.html');
  let browser: OpenPage;
  beforeAll(async () => {
    writeFileSync(file, await makeComparison(sampleComparison()));
    browser = await openPage(file);
    await browser.evaluate(settled);
  });
  afterAll(() => browser?.close());

  const rows = (): Promise<string[]> =>
    browser.evaluate(
      `[...document.querySelectorAll('tbody tr')].map((row) => row.innerText.replaceAll(/\\s+/g, ' ').trim())`,
    );
  const tick = (title: string, value: string): Promise<void> =>
    browser.evaluate(`[...document.querySelectorAll('fieldset')].find((one) => one.querySelector('legend').textContent === ${JSON.stringify(title)})
      .querySelector(${JSON.stringify(`[value="${value}"]`)}).click()`);

  test('where nothing was measured it says so, and offers no choice', async () => {
    const { rows: all, ...sample } = sampleComparison();
    const empty = join(temporaryFolder('compare'), 'explore.html');
    const rows = all.map((row) => ({ ...row, metrics: row.metrics.filter(({ protocol }) => protocol === undefined) }));
    writeFileSync(empty, await makeComparison({ ...sample, rows }));
    const page = await openPage(empty);
    try {
      await page.evaluate(settled);
      expect(await page.evaluate(`document.querySelector('main').innerText.trim()`)).toBe(
        'Nothing that is compared was measured yet.',
      );
      expect(await page.evaluate(`document.querySelectorAll('select, input').length`)).toBe(0);
      expect(page.said).toEqual([]);
    } finally {
      await page.close();
    }
  });

  test('table and curve follow what is chosen', async () => {
    const before = await rows();
    expect(before.length).toBeGreaterThan(1);
    const [first] = before;
    const system = sampleComparison().variants.find((label) => first!.startsWith(label))!;
    await tick('Systems', system);
    expect(await rows()).toEqual(before.slice(1));
    await tick('Systems', system);
    expect(await rows()).toEqual(before);
    expect(browser.said).toEqual([]);
    expect(browser.requests).toHaveLength(1);
  });
});
