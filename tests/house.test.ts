import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'pipelines'];

interface Package {
  readonly folder: string;
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
}

const packages = folders.map((folder): Package => {
  const text = readFileSync(join(root, folder, 'package.json'), 'utf8');
  return { folder, exports: {}, ...(JSON.parse(text) as Pick<Package, 'name'>) };
});
const isFixture = (file: string): boolean => /\.test\.ts$|\/testing\//.test(file);

/** Source files below a folder, by their paths from the root. */
function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|mjs)$/.test(file) && !/node_modules|\.d\.mts$|new\/templates/.test(file))
    .map((file) => join(folder, file));
}

const imports = [...folders, 'bench', 'tests']
  .flatMap(sourcesIn)
  .flatMap((file) =>
    ts
      .preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
      .importedFiles.map(({ fileName }) => ({ file, specifier: fileName })),
  );
/** What the README's example takes from the packages: readers of it are outside too. */
const example = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/from '(@selfsup\/[^']+)'/g)];
imports.push(...example.map(([, specifier = '']) => ({ file: 'README.md', specifier })));

test('no root of sources holds more than ten files', () => {
  const full = folders.map((folder) => {
    const files = readdirSync(join(root, folder, 'src')).filter(
      (name) => /\.(ts|mjs)$/.test(name) && !/\.test\.ts$/.test(name),
    );
    return { folder, files: files.length };
  });
  expect(full.filter(({ files }) => files > 10)).toEqual([]);
});

test('no package reaches into another past its exports', () => {
  const past = imports.filter(({ file, specifier }) => {
    // What runs before TypeScript can be read takes plain JavaScript by its path.
    if (!specifier.startsWith('.') || (file.endsWith('.mjs') && specifier.endsWith('.mjs'))) return false;
    const target = relative(root, resolve(root, dirname(file), specifier));
    const owner = folders.find((folder) => target.startsWith(`${folder}/src/`));
    return owner !== undefined && !file.startsWith(`${owner}/`);
  });
  expect(past).toEqual([]);
});

test('every entry of a package is used from outside', () => {
  const unused = packages.flatMap(({ folder, name, exports }) => {
    const outside = new Set(
      imports.filter(({ file }) => !file.startsWith(`${folder}/`)).map(({ specifier }) => specifier),
    );
    return Object.keys(exports)
      .filter((entry) => !entry.includes('*') && !outside.has(`${name}/${entry.slice(2)}`))
      .map((entry) => `${name}/${entry.slice(2)}`);
  });
  expect(unused).toEqual([]);
});

test('no face of a package has more than fifteen entries, patterns aside', () => {
  const named = ({ exports }: Package): string[] => Object.keys(exports).filter((entry) => !entry.includes('*'));
  expect(packages.filter((one) => named(one).length > 15).map(({ folder }) => folder)).toEqual([]);
});

test('every entry is a file, and only parts and fixtures are found by pattern', () => {
  const patterns = /^\.\/(sources|networks|pretext|evaluations|figures|panels|testing)\/\*(\/config|\/run)?$/;
  for (const { folder, exports } of packages) {
    for (const [entry, target] of Object.entries(exports)) {
      if (entry.includes('*')) expect(entry).toMatch(patterns);
      else expect(existsSync(join(root, folder, target)), `${folder} ${entry}`).toBe(true);
    }
  }
});

test('fixtures are used by tests, benches and other fixtures alone', () => {
  const others = imports.filter(
    ({ file, specifier }) =>
      /^@selfsup\/\w+\/testing\//.test(specifier) && !isFixture(file) && !/^(bench|tests)\//.test(file),
  );
  expect(others).toEqual([]);
});

test('fixtures lie in folders called testing', () => {
  expect(folders.flatMap(sourcesIn).filter((file) => /fixture\.ts$|\/testing[^/]*\.ts$/.test(file))).toEqual([]);
});
