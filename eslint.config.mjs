import { readFileSync } from 'node:fs';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Which packages each package may import: the arrows of the layout, one way only. */
export const mayImport = {
  'packages/kit': [],
  'packages/engine': ['kit'],
  'packages/report': ['kit'],
  'packages/numerics': ['kit', 'engine'],
  'packages/data': ['kit'],
  'packages/models': ['kit', 'engine'],
  'packages/trainer': ['kit', 'report', 'engine', 'models'],
  'packages/tasks': ['kit', 'report', 'engine', 'numerics', 'data', 'models', 'trainer'],
  'packages/eval': ['kit', 'report', 'engine', 'numerics', 'data', 'models', 'trainer'],
  'packages/explore': ['kit', 'report', 'engine', 'numerics', 'data', 'models', 'trainer', 'tasks', 'eval'],
  pipelines: ['kit', 'report', 'engine', 'numerics', 'data', 'models', 'trainer', 'tasks', 'eval', 'explore'],
};
const packages = 'kit report engine numerics data models trainer tasks eval explore pipelines'.split(' ');

function importDirection([folder, allowed]) {
  const own = JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).name;
  const forbidden = packages.filter((name) => !allowed.includes(name) && own !== `@selfsup/${name}`);
  return {
    files: [`${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...forbidden.map((name) => ({
              group: [`@selfsup/${name}`, `@selfsup/${name}/*`],
              message: `${own} may import ${allowed.join(', ') || 'no other package of ours'}: imports point one way.`,
            })),
            { group: ['**/packages/*/src/**'], message: 'Enter a package through its exports.' },
            ...(folder === 'packages/engine'
              ? []
              : [
                  {
                    group: ['@tensorflow/*'],
                    message: "Import tf from '@selfsup/engine/tensorflow', which prepares it.",
                  },
                ]),
          ],
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['**/node_modules/', 'artifacts/', '.nx/', '**/.results/', '**/*.d.ts'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['packages/*/src/**/*.ts', 'pipelines/src/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        structuredClone: 'readonly',
      },
    },
  },
  // pretext tasks and evaluations speak shapes; a file that outgrows the limit is split
  {
    files: ['**/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'max-lines': ['error', { max: 300 }] },
  },
  ...Object.entries(mayImport).map(importDirection),
);
