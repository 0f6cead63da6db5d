import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { entryPath, partChooser, partNames, partPlaces, partsKind, partThere } from './parts.mjs';

const folder = mkdtempSync(join(tmpdir(), 'parts-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'src/networks/nin'), { recursive: true });
mkdirSync(join(folder, 'src/networks/helpers'));
writeFileSync(join(folder, 'src/networks/nin/nin.ts'), '');
const selfsup = { kind: 'network', namedAt: ['network.name', 'heads.*.type'], datasetsNamedAt: ['from.dataset'] };
const exports = { './networks/*': './src/networks/*/*.ts', './ingest': './src/ingest/ingest.ts' };
writeFileSync(join(folder, 'package.json'), JSON.stringify({ selfsup, exports }));

test('a package says what its parts are and which file an entry is', () => {
  expect([partsKind(folder), partNames(folder)]).toEqual(['network', ['nin']]);
  expect([entryPath(folder, './ingest'), entryPath(folder, './other')]).toEqual(['./src/ingest/ingest.ts', undefined]);
  expect([partThere(folder, 'nin'), partThere(folder, 'helpers')]).toEqual(['src/networks/nin/nin.ts', undefined]);
  const bare = join(folder, 'src');
  mkdirSync(join(bare, 'src/nin'), { recursive: true });
  writeFileSync(join(bare, 'src/nin/nin.ts'), '');
  expect(partThere(bare, 'nin')).toBe(undefined);
  expect([partsKind(bare), partNames(bare), partChooser(bare)({ network: { name: 'nin' } }).size]).toEqual([
    undefined,
    [],
    0,
  ]);
});

test('a config chooses parts where the package says that they are named, however deep, and nowhere else', () => {
  const config = {
    layer: 'nin',
    network: { name: 'nin', variant: 'x' },
    stages: [{ network: { name: 'cfn' }, optimizer: { name: 'sgd' } }, { network: 'nin' }, null],
    heads: [{ type: 'linear' }, { type: 'conv' }, { name: 'mlp' }],
    from: { dataset: 'few' },
  };
  expect([...partChooser(folder)(config)]).toEqual(['nin', 'cfn', 'linear', 'conv']);
  expect([...partChooser(folder, 'datasetsNamedAt')(config)]).toEqual(['few']);
  expect(partChooser(folder)(undefined).size).toBe(0);
  expect(partPlaces(folder)(config)).toEqual([
    { path: ['network', 'name'], name: 'nin', section: config.network },
    { path: ['stages', '0', 'network', 'name'], name: 'cfn', section: { name: 'cfn' } },
    { path: ['heads', '0', 'type'], name: 'linear', section: { type: 'linear' } },
    { path: ['heads', '1', 'type'], name: 'conv', section: { type: 'conv' } },
  ]);
});
