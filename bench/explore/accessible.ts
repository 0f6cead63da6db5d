// What axe-core finds wrong with pages for people who use a keyboard or a screen reader, wide and light, narrow and dark.
// npm install --ignore-scripts --prefix /tmp/axe axe-core
// node --import tsx bench/explore/accessible.ts /tmp/axe/node_modules/axe-core/axe.min.js <page.html…>; exits with 1 where it finds something.
import { readFileSync } from 'node:fs';
import { openPage } from '@selfsup/explore/testing/internals';
import { settled } from './drive.ts';

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly nodes: readonly string[];
}

const [axe, ...files] = process.argv.slice(2);
if (axe === undefined || files.length === 0) throw new Error('Name axe.min.js and the pages.');
for (const file of files) {
  const browser = await openPage(file);
  await browser.evaluate(settled);
  await browser.evaluate(`${readFileSync(axe, 'utf8')};0`);
  for (const look of [
    { width: 1200, height: 900 },
    { width: 360, height: 740, dark: true },
  ]) {
    await browser.look({ ...look, still: true });
    const found = await browser.evaluate<Violation[]>(
      `axe.run(document).then(({ violations }) => violations.map(({ nodes, ...one }) => ({ ...one, nodes: nodes.map(({ html }) => html.slice(0, 150)) })))`,
    );
    console.log(`${file}, ${look.width} pixels: ${found.length === 0 ? 'nothing found' : ''}`);
    for (const { id, impact, help, nodes } of found)
      console.log(`  ${impact}, ${id}: ${help}\n    ${nodes.slice(0, 3).join('\n    ')}`);
    if (found.length > 0) process.exitCode = 1;
  }
  await browser.close();
}
