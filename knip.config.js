// Which files are begun from, for knip: what nothing imports but is found by name, run, or entered from outside.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { partNames, partPath } from './packages/kit/src/parts.mjs';

/** The files whose default export is found by their name, below the root. */
const parts = readdirSync(join(import.meta.dirname, 'packages')).flatMap((name) => {
  const folder = join('packages', name);
  return partNames(join(import.meta.dirname, folder)).map((part) => join(folder, partPath(folder, part)));
});
const foundByName = [
  ...parts,
  'packages/report/src/figures/kinds/*.ts',
  'packages/report/src/published/tables/*.ts',
  'pipelines/src/commands/*.ts',
  'bench/train-step/systems/*.ts',
  'bench/faults/attacks/*.ts',
  // put in the place of others, or begun from, by the bundler of pages
  'packages/engine/src/browser/*.ts',
  'packages/explore/src/page/{compare,loader,no-schemas,open}.ts',
  'packages/explore/src/panels/*/gather.ts',
];
const within = (workspace) =>
  foundByName.filter((file) => file.startsWith(`${workspace}/`)).map((file) => file.slice(workspace.length + 1));

export default {
  // A package's face is no excuse: what it exports must be used by somebody.
  includeEntryExports: true,
  ignoreIssues: Object.fromEntries([...foundByName, '**/*.d.mts'].map((file) => [file, ['exports', 'types']])),
  ignoreBinaries: ['cc', 'mkfifo', 'sbatch', 'script', 'sinfo', 'truncate', 'xz'],
  workspaces: {
    '.': {
      entry: ['bench/**/*.ts'],
      project: ['*.{js,mjs,ts}', 'bench/**/*.{mjs,ts}'],
      // benches measure what the packages use, as installed for them
      ignoreDependencies: [
        'sharp',
        'node-api-headers',
        '@julusian/jpeg-turbo',
        'tar-stream',
        '@tensorflow/tfjs-node-gpu',
      ],
    },
    'packages/*': { project: ['src/**/*.{mjs,ts}'] },
    'packages/engine': { entry: ['src/setup/cli.mjs', ...within('packages/engine')], project: ['src/**/*.{mjs,ts}'] },
    'packages/explore': {
      entry: ['src/page/{compare,loader,no-schemas,open}.ts', 'src/panels/*/gather.ts'],
      project: ['src/**/*.{mjs,ts}'],
    },
    'packages/models': { entry: ['src/export/stock-forward.mjs'], project: ['src/**/*.{mjs,ts}'] },
    'packages/report': { entry: within('packages/report'), project: ['src/**/*.{mjs,ts}'] },
    pipelines: {
      entry: within('pipelines'),
      project: ['**/*.{mjs,ts}', '!src/new/templates/**'],
      // its stages are found by name
      ignoreDependencies: ['@selfsup/tasks'],
    },
    tests: { entry: ['replay/main.ts', 'run-*.mjs'], project: ['**/*.{mjs,ts}'] },
  },
};
