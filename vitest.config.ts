import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineConfig } from 'vitest/config';

const packages = readdirSync(join(import.meta.dirname, 'packages')).map((name) => `packages/${name}`);

/** Each package is a project named by its folder: `npx vitest run rotnet` at the root finds tests in all of them. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: false,
    projects: [...packages, 'pipelines', 'tests'].map((folder) => ({
      test: {
        name: basename(folder),
        root: join(import.meta.dirname, folder),
        // TensorFlow keeps state per process and reads its settings once: forks, never threads.
        pool: 'forks',
        include: ['src/**/*.test.ts', '*.test.ts'],
        exclude: ['**/node_modules/**', '**/templates/**'],
        testTimeout: 120_000,
        hookTimeout: 120_000,
      },
    })),
  },
});
