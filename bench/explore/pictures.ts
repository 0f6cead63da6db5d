// Pictures of pages as people see them: light, dark, 360 pixels wide, 3,840 pixels wide, for looking at.
// node --import tsx bench/explore/pictures.ts <page.html…> [--to <folder>]
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openPage } from '@selfsup/explore/testing/internals';
import { settled } from './drive.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { to: { type: 'string', default: 'pictures' } },
});
mkdirSync(values.to, { recursive: true });
const looks = {
  light: { width: 1200, height: 900 },
  dark: { width: 1200, height: 900, dark: true },
  narrow: { width: 360, height: 740 },
  wide: { width: 3840, height: 2160 },
};
for (const file of positionals) {
  const browser = await openPage(file);
  await browser.evaluate(settled);
  await browser.evaluate(`for (const one of document.querySelectorAll('button')) if (/^(Look through|Sort)/.test(one.textContent)) one.click();`); // prettier-ignore
  await browser.evaluate(settled);
  for (const [name, look] of Object.entries(looks)) {
    await browser.look({ ...look, still: true });
    // Two drawings later it is laid out anew.
    await browser.evaluate(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`);
    const [width, height] = await browser.evaluate<[number, number]>(`[document.documentElement.scrollWidth, document.documentElement.scrollHeight]`); // prettier-ignore
    const picture = join(values.to, `${basename(file, '.html')}-${name}.png`);
    writeFileSync(picture, await browser.screenshot({ x: 0, y: 0, width: look.width, height }));
    console.log(`${picture}: ${width} × ${height}${width > look.width ? ', WIDER THAN THE WINDOW' : ''}`);
  }
  await browser.close();
}
