import { resolve } from 'node:path';
import type { BuildFailure, Plugin } from 'esbuild';
import { UserError } from '@selfsup/kit/errors';
import { sourceFile } from './source-files.ts';

/** What a file reaches by import, as one module. */
export interface Bundle {
  /** What is used of each file stands under a comment with its path from the root. */
  readonly code: string;
  /** Absolute paths of all files that were read, used or not. */
  readonly inputs: readonly string[];
}

/**
 * Bundles a source file (absolute path) with all of ours that it reaches; packages of others stay imports.
 * Throws `UserError` naming file and line where one cannot be parsed or found.
 */
export async function bundle(root: string, entry: string): Promise<Bundle> {
  const esbuild = await import('esbuild');
  try {
    const { outputFiles, metafile } = await esbuild.build({
      entryPoints: [entry],
      absWorkingDir: root,
      bundle: true,
      write: false,
      metafile: true,
      treeShaking: true,
      format: 'esm',
      platform: 'node',
      charset: 'utf8',
      outdir: '/unused',
      logLevel: 'silent',
      plugins: [oursOnly],
    });
    const inputs = Object.keys(metafile.inputs).map((path) => resolve(root, path));
    return { code: outputFiles[0]!.text, inputs };
  } catch (cause) {
    const first = (cause as Partial<BuildFailure>).errors?.[0];
    if (first === undefined) throw cause;
    throw new UserError(`Cannot be compiled: ${first.text}`, {
      file: first.location ? `${first.location.file}:${first.location.line}` : entry,
      remedy: 'Mend this source file.',
      cause,
    });
  }
}

const oursOnly: Plugin = {
  name: 'ours-only',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@selfsup/') ? undefined : { path, external: true, sideEffects: false },
    );
    build.onLoad({ filter: /\.(?:ts|mts|js|mjs)$/ }, async ({ path }) => {
      try {
        return { contents: (await sourceFile(path)).code, loader: 'js' };
      } catch (cause) {
        return { errors: (cause as BuildFailure).errors };
      }
    });
  },
};
