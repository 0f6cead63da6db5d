import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
});
const files = listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
const documents = files.filter((file) => file.endsWith('.md'));

/** Files that a document links to, as paths from the root. */
function linked(document: string): string[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => relative(root, join(root, dirname(document), target)));
}

test('what documents link to is there', () => {
  const dead = documents.flatMap((document) =>
    linked(document)
      .filter((target) => !existsSync(join(root, target)))
      .map((target) => `${document}: ${target}`),
  );
  expect(dead).toEqual([]);
});

test('the index names every document', () => {
  const inDocs = documents.filter((document) => document.startsWith('docs/') && document !== 'docs/README.md');
  expect(inDocs.filter((document) => !linked('docs/README.md').includes(document))).toEqual([]);
});

test("each package's README says what it may import, as eslint.config.mjs does", async () => {
  const { mayImport } = (await import(new URL('../eslint.config.mjs', import.meta.url).href)) as {
    mayImport: Record<string, string[]>;
  };
  for (const [folder, allowed] of Object.entries(mayImport)) {
    const words = allowed.length === 0 ? 'no other package of ours' : allowed.join(', ').replace(/, (\w+)$/, ' and $1');
    const readme = readFileSync(join(root, folder, 'README.md'), 'utf8').replace(/\s+/g, ' ');
    expect(readme).toContain(`It may import ${folder === 'pipelines' ? 'all packages' : words}.`);
  }
});
