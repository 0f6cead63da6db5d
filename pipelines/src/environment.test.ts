import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { environmentHelp, refuseMisspelt, variables } from './environment.ts';

test.each([
  ['SELFSUP_THREDS', 'SELFSUP_THREADS'],
  ['SELFSUP_ARTEFACTS', 'SELFSUP_ARTIFACTS'],
  ['SELFSUP_MAX_MINUTE', 'SELFSUP_MAX_MINUTES'],
])('%s is refused, %s is proposed', (name, meant) => {
  const refused = expect.objectContaining({ field: name, remedy: expect.stringContaining(`${meant}?`) as string });
  expect(() => refuseMisspelt({ [name]: '1' })).toThrow(refused as never);
});

test('settings and names that are like none of them pass', () => {
  const names = [...Object.keys(variables), 'SELFSUP_KILLS', 'SELFSUP_STORE_KEY', 'SELFSUP', 'PATH'];
  expect(() => refuseMisspelt(Object.fromEntries(names.map((name) => [name, '1'])))).not.toThrow();
});

test('every variable that the sources read is one of them', () => {
  const root = join(import.meta.dirname, '../..');
  const read = ['packages', 'pipelines/src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs|cc)$/.test(file) && !/\.test\.ts$|testing\/|templates\//.test(file))
      .flatMap((file) => readFileSync(join(root, folder, file), 'utf8').match(/\bSELFSUP_[A-Z_]*[A-Z]\b/g) ?? []),
  );
  // Those that one process of ours sets for another, and the guards of headers, are no settings of people's.
  const inner = /_H$|^SELFSUP_(JOB|CHROMIUM)$/;
  expect([...new Set(read)].filter((name) => !inner.test(name)).sort()).toEqual(Object.keys(variables).sort());
  expect(environmentHelp().split('\n')).toHaveLength(Object.keys(variables).length);
});
