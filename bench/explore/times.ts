import { statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename } from 'node:path';
import { openPage, type OpenPage } from '@selfsup/explore/testing/internals';
import { settled } from './drive.ts';

/** What hands do: where a page has it, and the script that begins it for the time-th time. */
const interactions: Readonly<Record<string, readonly [where: string, begin: (time: number) => string]>> = {
  'choose a picture': ['[name=picture]', (time) => `document.querySelectorAll('[name=picture]')[${time % 8}].click()`],
  'turn it': ['#turn', (time) => slide('#turn', 17 * time)],
  'exchange two tiles': ['.tile', (time) => `for (const slot of [0, ${1 + (time % 8)}]) document.querySelectorAll('.tile')[slot].click()`], // prettier-ignore
  'move a corner': ['[id^="aet-"]', (time) => slide('[id^="aet-"]', `Number(one.min) + ${time} % 5`)],
  'move z': ['[id^="z1-"]', (time) => slide('[id^="z1-"]', 5 * time - 50)],
  'go between two pictures': ['[id^="between-"]', (time) => slide('[id^="between-"]', 3 * time)],
  'tick a system': ['.choice input', () => `document.querySelector('.choice input').click()`],
};

function slide(selector: string, value: number | string): string {
  return `{ const one = document.querySelector(${JSON.stringify(selector)}); one.value = ${value}; one.dispatchEvent(new Event('input')); }`;
}

/** Every button that goes through all test images. */
const lookThrough = `for (const one of document.querySelectorAll('button')) if (/^(Look through|Sort)/.test(one.textContent)) one.click();`;

/** Milliseconds, those to the next drawing by the browser aside. */
const timed = (page: OpenPage, begin: string): Promise<number> =>
  page.evaluate(`(async () => { const begun = performance.now(); ${begin}; return (await ${settled}) - begun; })()`);

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/**
 * Says of a page how large it is, how long it takes from opening to the first answer, and each interaction: the median of 20
 * and the longest. Once before and once after all test images were gone through, which leaves more to answer.
 */
export async function sayTimes(file: string, opens: number): Promise<void> {
  const first: number[] = [];
  for (let time = 0; time < opens; time++) {
    const page = await openPage(file);
    first.push(await page.evaluate<number>(settled));
    await page.close();
  }
  const megabytes = (statSync(file).size / 1e6).toFixed(2);
  const load = (): string => loadavg()[0]!.toFixed(1);
  console.log(`${basename(file)}: ${megabytes} MB, first answer after ${(median(first) / 1000).toFixed(2)} s (${(Math.min(...first) / 1000).toFixed(2)} at least); load ${load()}`); // prettier-ignore
  const page = await openPage(file);
  await page.evaluate(settled);
  await sayInteractions(page, '');
  const through = await timed(page, lookThrough);
  if (through > 50) {
    console.log(`    go through all test images: ${(through / 1000).toFixed(1)} s`);
    await sayInteractions(page, ', with that shown');
  }
  await page.close();
}

async function sayInteractions(page: OpenPage, when: string): Promise<void> {
  for (const [what, [where, begin]] of Object.entries(interactions)) {
    if (!(await page.evaluate<boolean>(`document.querySelector(${JSON.stringify(where)}) !== null`))) continue;
    const times: number[] = [];
    for (let time = 0; time < 25; time++) times.push(await timed(page, begin(time)));
    const counted = times.slice(5);
    console.log(`    ${what}${when}: ${median(counted).toFixed(0)} ms, at most ${Math.max(...counted).toFixed(0)} ms`);
  }
}
