import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { pageTwins } from '@selfsup/engine/browser-twins';
import { bundled, pageEntry } from './bundle.ts';

const packages = join(import.meta.dirname, '../../..');
const foldersOf = (folder: string): string[] =>
  readdirSync(join(packages, folder), { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? one.name : []));

/** Whether a page has a file of ours: of the engine only what does not call TensorFlow's library. */
function isOfPages(file: string): boolean {
  if (!file.startsWith('engine/')) return true;
  if (/\/(ops\/(library|registry|one-dnn|register)|tensors\/device-random)\.ts$/.test(file)) return false;
  return /^engine\/src\/(attributes\.ts|browser\/|layers\/|ops\/|platform\.ts|tensorflow\.ts|tensors\/)/.test(file);
}

test('all panels and networks reach of the engine what a page has: take the rest from platform.ts', async () => {
  const entry = pageEntry(foldersOf('explore/src/panels'), foldersOf('models/src/networks'));
  // Left out, so that the file is named that imports it, by whatever way.
  const library = ['@tensorflow/tfjs-node-gpu', 'node:*'];
  const { metafile } = await bundled(entry, join(packages, 'explore/src/page'), library);
  const nameOf = (file: string): string => relative(packages, join(process.cwd(), file));
  const reached = Object.entries(metafile.inputs).map(([file, { imports }]) => ({
    file: nameOf(file),
    imports: imports.map(({ path }) => nameOf(path)),
  }));
  const twins = [...pageTwins.keys()].map((file) => relative(packages, file));
  expect(twins).toEqual(['engine/src/tensorflow.ts', 'engine/src/platform.ts']);
  for (const twin of twins) expect(reached.map(({ file }) => file)).toContain(twin);
  for (const { file, imports } of reached.filter((one) => isOfPages(one.file)))
    for (const one of imports) expect(isOfPages(one), `${file} imports ${one}, which only Node has`).toBe(true);
});
