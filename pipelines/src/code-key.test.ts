import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CodeKey, codeKey } from './code-key.ts';

let root: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'code-key-')));
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(root, 'node_modules'));
  write('package.json', '{ "name": "code", "type": "module", "sideEffects": false }');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, content: string): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

let count = 0;
/** The key of the files as they are now: the memory of the process goes by the names of roots. */
function keyOf(files: Record<string, string>, folder = `case-${count++}`): Promise<CodeKey> {
  for (const [name, content] of Object.entries(files)) write(`${folder}/${name}`, content);
  return codeKey({ root: join(root, folder) }, [join(root, folder, Object.keys(files)[0]!)]);
}

const base = {
  'a.ts': `import { used } from './index.ts';\nexport default (x: number): number => used(x);`,
  'index.ts': `export { used } from './used.ts';\nexport { unused } from './unused.ts';`,
  'used.ts': `export const used = (x: number): number => x + 1;`,
  'unused.ts': `export const unused = 3;`,
};

test('files that are not used are not part of the key, through a re-export too', async () => {
  const { files, key } = await keyOf(base);
  expect(Object.keys(files)).toEqual(['a.ts', 'used.ts']);
  expect((await keyOf({ ...base, 'unused.ts': 'export const unused = 4;' })).key).toBe(key);
  expect((await keyOf({ ...base, 'used.ts': 'export const used = (x: number): number => x + 2;' })).key).not.toBe(key);
});

test('comments, types and white space do not count', async () => {
  const changed = `/** says more */\ntype N = number;\nexport const used   = (x: N): N =>\n  x + 1; // why`;
  expect((await keyOf({ ...base, 'used.ts': changed })).key).toBe((await keyOf(base)).key);
});

test('a re-export that leads elsewhere counts', async () => {
  const index = `export { other as used } from './other.ts';`;
  const { files } = await keyOf({ ...base, 'index.ts': index, 'other.ts': 'export const other = (x: number) => x;' });
  expect(Object.keys(files)).toEqual(['a.ts', 'other.ts']);
});

test('a worker, and a file imported when it is needed, count', async () => {
  const { files } = await keyOf({
    'a.ts': `export default async () => [new Worker(new URL('./worker.ts', import.meta.url)), await import('./late.ts')];`,
    'worker.ts': `import { used } from './used.ts';\nconsole.log(used(1));`,
    'late.ts': `export const late = Math.random();`,
    'used.ts': base['used.ts'],
  });
  expect(Object.keys(files)).toEqual(['a.ts', 'late.ts', 'used.ts', 'worker.ts']);
});

test('packages of others count by name and version, those of ours by their files', async () => {
  const folder = 'packages-case';
  write(`${folder}/package-lock.json`, '{ "packages": { "node_modules/zod": { "version": "9.9.9" } } }');
  const code = `import { z } from 'zod';\nimport { sha256 } from '@selfsup/engine/files';\nexport default () => [z.string(), sha256('')];`;
  const { files, packages } = await keyOf({ 'a.ts': code }, folder);
  expect(packages).toEqual({ zod: '9.9.9' });
  expect(Object.keys(files)).toContain('@selfsup/engine/src/files.ts');
  expect(JSON.stringify(files)).not.toContain(root);
});

test('code that cannot be compiled names file and line', async () => {
  await expect(keyOf({ 'a.ts': 'export default (' })).rejects.toMatchObject({
    name: 'UserError',
    file: expect.stringContaining('a.ts:1') as string,
  });
});
