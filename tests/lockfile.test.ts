import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Package {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly resolved?: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const read = <Content>(path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Content;
const { packages } = read<{ packages: Record<string, Package> }>('package-lock.json');
const packageFiles = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/package.json`);

/** Where Node finds a package that is asked for from a folder, among the lockfile's folders. */
function lookUp(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const found = [folder, 'node_modules', name].filter((part) => part !== '').join('/');
    if (found in packages) return found;
    if (folder === '') return undefined;
  }
}

// npm install drops the binaries of other platforms where its registry lacks them; npm ci then refuses everywhere.
test('the lockfile names every dependency of every package, those of other platforms included', () => {
  const missing = Object.entries(packages).flatMap(([folder, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => lookUp(folder, name) === undefined)
      .map((name) => `${folder} needs ${name}`),
  );
  expect(missing).toEqual([]);
});

test('the lockfile names no registry', () => {
  expect(Object.values(packages).flatMap(({ resolved }) => (resolved?.includes('://') ? resolved : []))).toEqual([]);
});

test('dependencies are pinned exactly', () => {
  const loose = ['package.json', 'pipelines/package.json', ...packageFiles].flatMap((file) => {
    const { dependencies, devDependencies, optionalDependencies } = read<Package>(file);
    return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
      .filter(([name, version]) => !name.startsWith('@selfsup/') && !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${file}: ${name} ${version}`);
  });
  expect(loose).toEqual([]);
});
