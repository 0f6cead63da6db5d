import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeDifferences } from '../why-code.ts';
import { codeKey, type CodeKey } from './code-key.ts';

let root: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'code-key-')));
  process.env['SELFSUP_CACHE'] = join(root, 'cache');
  symlinkSync(fileURLToPath(new URL('../../../../node_modules', import.meta.url)), join(root, 'node_modules'));
});
afterAll(() => {
  delete process.env['SELFSUP_CACHE'];
  rmSync(root, { recursive: true, force: true });
});

type Files = Readonly<Record<string, string>>;

let count = 0;
/** The key of the first of `files`, in a workspace of their own: the memory of the process goes by paths. */
function keyOf(files: Files): Promise<CodeKey> {
  const folder = join(root, `case-${count++}`);
  const all = { ...files, 'package.json': files['package.json'] ?? '{ "name": "code", "sideEffects": false }' };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return codeKey({ root: folder }, [join(folder, Object.keys(files)[0]!)]);
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
    'worker.ts': `import { used } from './used.ts';\npostMessage(used(1));`,
    'late.ts': `export const late = Math.random();`,
    'used.ts': base['used.ts'],
  });
  expect(Object.keys(files)).toEqual(['a.ts', 'late.ts', 'used.ts', 'worker.ts']);
});

test('packages of others count by name and version, those of ours by their files', async () => {
  const code = `import { z } from 'numbers';\nimport { sha256 } from '@selfsup/kit/files';\nexport default () => [z(), sha256('')];`;
  const lock = '{ "packages": { "node_modules/numbers": { "version": "9.9.9" } } }';
  const { files, packages } = await keyOf({ 'a.ts': code, 'package-lock.json': lock });
  expect(packages).toEqual({ numbers: '9.9.9' });
  expect(Object.keys(files)).toContain('@selfsup/kit/src/files/files.ts');
  expect(JSON.stringify(files)).not.toContain(root);
});

test('code that cannot be compiled names file and line', async () => {
  await expect(keyOf({ 'a.ts': 'export default (' })).rejects.toMatchObject({
    name: 'UserError',
    file: expect.stringContaining('a.ts:1') as string,
  });
});

const task = {
  'task.ts': `
    import { z } from 'zod';
    import { UserError } from './errors.ts';
    import { scale } from './numerics.ts';
    const schema = z.object({ width: z.number().min(1, 'too narrow').default(64) }).refine(({ width }) => width < 9, 'wide');
    export default {
      schema,
      run: async (context) => {
        if (context.size < 1) throw new UserError('The size is wrong', { remedy: \`Write \${context.size + 1}.\` });
        const phase = context.progress.phase('training', 3, 'images');
        context.progress.note('begins');
        const { train } = await import('./training.ts');
        const [{ measure }] = await Promise.all([import('./measuring.ts')]);
        phase.advance(1, { loss: 2 });
        return [scale(train(context)), measure(), (await import('./training.ts')).rate];
      },
    };`,
  'errors.ts': `// @no-effect-on-results\nexport class UserError extends Error { constructor(what, more) { super(what); this.more = more; } }`,
  'numerics.ts': `
    const factor = 3;
    const even = (n: number): boolean => (n === 0 ? true : odd(n - 1));
    const odd = (n: number): boolean => (n === 0 ? false : even(n - 1));
    export function scale(xs: number[]) { return xs.map((x) => (even(x) ? x * factor : x)); }`,
  'training.ts': `
    import table from './table.json' with { type: 'json' };
    import './registered.ts';
    import { sum } from 'adding';
    export const rate = 0.1;
    export const train = (context) => sum(table.rows, context, source);
    const source = new URL('./op.cc', import.meta.url);`,
  'measuring.ts': `
    const known = new Map();
    known.set('a', 1);
    export const measure = () => known.get('a') ?? new Worker(new URL('./worker.ts', import.meta.url));`,
  'worker.ts': `postMessage(1 + 1);`,
  'table.json': '{ "rows": [1, 2] }',
  'op.cc': 'int op() { return 1; }',
  'registered.ts': `globalThis.table = { a: 1 };`,
  'package.json': '{ "name": "code", "sideEffects": ["./registered.ts"] }',
  'package-lock.json': JSON.stringify({
    packages: {
      'node_modules/adding': { version: '1.0.0', dependencies: { deep: '^2.0.0' } },
      'node_modules/deep': { version: '1.0.0' },
      'node_modules/adding/node_modules/deep': { version: '2.0.0', integrity: 'sha512-abc' },
      'node_modules/zod': { version: '4.0.0' },
    },
  }),
};

/** The files with one text in the place of another, which must be there. */
function edited(name: keyof typeof task, from: string, to: string): Files {
  expect(task[name]).toContain(from);
  return { ...task, [name]: task[name].replace(from, to) };
}

describe('what changes no key', () => {
  test.each<[string, () => Files]>([
    ['the message of an error', () => edited('task.ts', 'The size is wrong', 'No such size')],
    ['the remedy of an error', () => edited('task.ts', 'Write ${context.size + 1}', 'Take ${context.size + 2}')],
    ['what progress says', () => edited('task.ts', "note('begins')", "warn('starts now')")],
    ['what a phase says', () => edited('task.ts', '{ loss: 2 }', '{ error: 2 }')],
    ['the message of a check', () => edited('task.ts', 'too narrow', 'is too narrow')],
    ['a rule that refuses a config', () => edited('task.ts', "width < 9, 'wide'", "width < 8, 'too wide'")],
    ['a file that has no effect on results', () => edited('errors.ts', 'this.more = more', 'this.remedy = more')],
    [
      'the name of a local variable',
      () => edited('numerics.ts', '(x) => (even(x) ? x * factor : x)', '(y) => (even(y) ? y * factor : y)'),
    ],
    ['a package that only reads', () => edited('package-lock.json', '"version":"4.0.0"', '"version":"4.0.1"')],
    [
      'a package beside the one that is reached',
      () =>
        edited(
          'package-lock.json',
          '"version":"1.0.0"},"node_modules/adding/',
          '"version":"1.0.1"},"node_modules/adding/',
        ),
    ],
    [
      'names of functions in a circle and of an exported one',
      () => ({
        ...task,
        'task.ts': task['task.ts']
          .replaceAll('scale', 'stretch')
          .replaceAll('rate', 'speed')
          .replaceAll('measure', 'take'),
        'training.ts': task['training.ts'].replace('rate', 'speed'),
        'measuring.ts': task['measuring.ts'].replace('measure', 'take'),
        'numerics.ts': task['numerics.ts']
          .replace('scale', 'stretch')
          .replaceAll('even', 'isEven')
          .replaceAll('odd', 'isOdd'),
      }),
    ],
    [
      'the order of declarations',
      () => ({ ...task, 'numerics.ts': task['numerics.ts'].trimEnd().split('\n').reverse().join('\n') }),
    ],
    [
      'a file that moves',
      () => {
        const { 'numerics.ts': numerics, ...rest } = task;
        return {
          ...rest,
          'task.ts': task['task.ts'].replace('./numerics.ts', './maths/stretching.ts'),
          'maths/stretching.ts': numerics,
        };
      },
    ],
    [
      'a file that is split, where a name of another file is taken already',
      () => ({
        ...task,
        'numerics.ts': `import { even } from './even.ts';\nconst known = 3;\nexport function scale(xs) { return xs.map((x) => (even(x) ? x * known : x)); }`,
        'even.ts': `export const even = (n) => (n === 0 ? true : odd(n - 1));\nconst odd = (n) => (n === 0 ? false : even(n - 1));`,
      }),
    ],
    [
      'files named by URL that move with who names them',
      () => {
        const { 'training.ts': training, 'op.cc': op, 'table.json': rows, 'registered.ts': registered, ...rest } = task;
        return {
          ...rest,
          'task.ts': task['task.ts'].replaceAll('./training.ts', './loop/training.ts'),
          'loop/training.ts': training.replace('./table.json', './rows.json').replace('./op.cc', './kernel.cc'),
          'loop/kernel.cc': op,
          'loop/rows.json': rows,
          'loop/registered.ts': registered,
          'package.json': '{ "name": "code", "sideEffects": ["./loop/registered.ts"] }',
        };
      },
    ],
  ])('%s', async (_, change) => {
    expect((await keyOf(change())).key).toBe((await keyOf(task)).key);
  });
});

describe('what changes a key, and is named', () => {
  test.each<[string, () => Files, string[]]>([
    ['a constant', () => edited('numerics.ts', '= 3', '= 4'), ['code: factor in numerics.ts was changed']],
    ['a default', () => edited('task.ts', 'default(64)', 'default(65)'), ['code: schema in task.ts was changed']],
    ['a bound that counts', () => edited('task.ts', 'min(1,', 'min(2,'), ['code: schema in task.ts was changed']],
    [
      'one of a circle',
      () => edited('numerics.ts', 'odd(n - 1)', 'odd(n - 3)'),
      ['code: even in numerics.ts was changed'],
    ],
    [
      'that it throws',
      () => edited('task.ts', 'context.size < 1', 'context.size < 2'),
      ['code: default export in task.ts was changed'],
    ],
    ['what is imported late', () => edited('training.ts', '0.1', '0.2'), ['code: rate in training.ts was changed']],
    [
      'what a statement does to a variable',
      () => edited('measuring.ts', "'a', 1", "'a', 2"),
      ['code: statements in measuring.ts was changed'],
    ],
    ['what a worker does', () => edited('worker.ts', '1 + 1', '1 + 2'), ['code: statements in worker.ts was changed']],
    [
      'an import for its effect',
      () => edited('registered.ts', 'a: 1', 'a: 2'),
      ['code: statements in registered.ts was changed'],
    ],
    ['a table', () => edited('table.json', '[1, 2]', '[1, 3]'), ['code: default export in table.json was changed']],
    ['native code', () => edited('op.cc', 'return 1', 'return 2'), ['file: op.cc was changed']],
    [
      'the version of what a package needs',
      () => edited('package-lock.json', '"version":"2.0.0"', '"version":"2.0.1"'),
      ['package: adding/node_modules/deep 2.0.0 sha512-abc -> 2.0.1 sha512-abc'],
    ],
    [
      'its content under the same version',
      () => edited('package-lock.json', 'sha512-abc', 'sha512-abd'),
      ['package: adding/node_modules/deep 2.0.0 sha512-abc -> 2.0.0 sha512-abd'],
    ],
    [
      'a package that is imported for its effect',
      () => edited('registered.ts', 'globalThis', "import 'deep';\nglobalThis"),
      ['code: statements in registered.ts was changed', 'package: deep 1.0.0 is used now'],
    ],
    [
      'which of two equal things is used',
      () => edited('task.ts', '[scale(train(context)), measure()', '[scale(measure()), train(context)'),
      ['code: default export in task.ts was changed'],
    ],
  ])('%s', async (_, change, lines) => {
    const [before, now] = [await keyOf(task), await keyOf(change())];
    expect(now.key).not.toBe(before.key);
    expect(codeDifferences(before, now)).toEqual(lines);
  });
});

test('a change beside a move is named alone', async () => {
  const { 'numerics.ts': numerics, ...rest } = task;
  const moved = {
    ...rest,
    'task.ts': task['task.ts'].replace('./numerics.ts', './maths.ts'),
    'maths.ts': numerics.replace('= 3', '= 4'),
  };
  expect(codeDifferences(await keyOf(task), await keyOf(moved))).toEqual(['code: factor in maths.ts was changed']);
});
