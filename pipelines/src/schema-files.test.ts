import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { schemaFiles } from './schema-files.ts';

test('the schemas for editors are current (else run: npx selfsup schema)', () => {
  for (const [name, text] of Object.entries(schemaFiles())) {
    expect(readFileSync(new URL(`../schema/${name}`, import.meta.url), 'utf8'), name).toBe(text);
  }
});
