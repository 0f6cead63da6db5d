import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { getLanguageService, TextDocument, type CompletionItem } from 'vscode-json-languageservice';
import { schemaFiles } from './schema-files.ts';
import { findWorkspace } from './workspace.ts';

const schemas = new URL('../../schema/', import.meta.url);
const experiments = new URL('../../experiments/', import.meta.url);
const files = await schemaFiles(findWorkspace(fileURLToPath(schemas)));

// what Visual Studio Code itself asks
const editor = getLanguageService({
  workspaceContext: { resolveRelativePath: (path, from) => new URL(path, from).href },
  schemaRequestService: async (uri) => files[decodeURIComponent(uri).slice(schemas.href.length)]!,
});

function opened(value: object): { document: TextDocument; json: ReturnType<typeof editor.parseJSONDocument> } {
  const text = JSON.stringify({ $schema: '../../schema/experiment.schema.json', ...value }, null, 2);
  const document = TextDocument.create(`${experiments.href}a/experiment.json`, 'json', 1, text);
  return { document, json: editor.parseJSONDocument(document) };
}
async function complaints(value: object): Promise<unknown[]> {
  const { document, json } = opened(value);
  return (await editor.doValidation(document, json)).map(({ message }) => message);
}
async function completions(value: object, before: string): Promise<CompletionItem[]> {
  const { document, json } = opened(value);
  const at = document.positionAt(document.getText().indexOf(before));
  return (await editor.doComplete(document, at, json))!.items;
}
const using = (uses: string, config: object): object => ({
  about: { title: 'a' },
  stages: { a: { uses, needs: { dataset: 'data/quickstart' }, config } },
});

test('the schemas for editors are current, and no others are there (else run: npx selfsup schema)', () => {
  const there = readdirSync(schemas, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  expect(there.sort()).toEqual(Object.keys(files).sort());
  for (const [name, text] of Object.entries(files)) {
    expect(readFileSync(new URL(name, schemas), 'utf8'), name).toBe(text);
  }
});

test.each(readdirSync(experiments))('an editor finds nothing wrong with %s', async (name) => {
  const value = JSON.parse(readFileSync(new URL(`${name}/experiment.json`, experiments), 'utf8')) as object;
  expect(await complaints(value)).toEqual([]);
});

test('the config of a stage is completed and checked by the part that it uses', async () => {
  const labels = (items: CompletionItem[]): string[] => items.map(({ label }) => label);
  const neighbours = labels(await completions(using('eval/knn', { '': 0 }), '""'));
  expect(neighbours).toEqual(expect.arrayContaining(['layers', 'k', 'metric']));
  expect(neighbours).not.toContain('quarterTurns');
  expect(labels(await completions(using('tasks/rotnet', { task: { '': 0 } }), '""'))).toEqual(['quarterTurns']);
  expect(labels(await completions(using('', {}), '"",'))).toContain('"eval/knn"');

  expect(await complaints(using('eval/knn', { layer: 1 }))).toContain('Property layer is not allowed.');
  expect(await complaints(using('eval/knn', { layers: 7 }))).toContain('Incorrect type. Expected "array".');
});

test('a part that the schemas do not know yet is no error in the editor', async () => {
  expect(await complaints(using('tasks/of-mine', { anything: 1 }))).toEqual([]);
});
