import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { pageTwins, wasmFile } from '@selfsup/engine/browser-twins';

/** The code of a page. */
export interface PageBundle {
  /** The small script that unpacks the other. */
  readonly loader: string;
  readonly code: string;
  /** tfjs's WebAssembly file with vector instructions. */
  readonly wasm: Uint8Array;
}

const loaderFile = fileURLToPath(new URL('../page/loader.ts', import.meta.url));
const openFile = fileURLToPath(new URL('../page/open.ts', import.meta.url));
const compareFile = fileURLToPath(new URL('../page/compare.ts', import.meta.url));
const noSchemasFile = fileURLToPath(new URL('../page/no-schemas.ts', import.meta.url));

/**
 * Bundles the panels and the architectures of these names with the engine that runs in browsers. Our source is the same
 * as under Node but for the twins of files that call TensorFlow's library.
 */
export async function bundlePage(panels: readonly string[], networks: readonly string[]): Promise<PageBundle> {
  const [loader, code, wasm] = await Promise.all([
    bundleForBrowser(await readFile(loaderFile, 'utf8'), dirname(loaderFile)),
    bundleForBrowser(pageEntry(panels, networks), dirname(openFile)),
    readFile(wasmFile),
  ]);
  return { loader, code, wasm };
}

/** What a page begins with. */
export function pageEntry(panels: readonly string[], networks: readonly string[]): string {
  return [
    `import { open } from ${JSON.stringify(openFile)};`,
    ...panels.map((name, i) => `import panel${i} from '@selfsup/explore/panels/${name}';`),
    ...networks.map((name, i) => `import network${i} from '@selfsup/models/networks/${name}';`),
    `void open({ panels: [${panels.map((_, i) => `panel${i}`).join(', ')}],`,
    `networks: { ${networks.map((name, i) => `${JSON.stringify(name)}: network${i}`).join(', ')} } });`,
  ].join('\n');
}

/** The code of a page in which numbers are compared, which runs no network. */
export async function bundleComparison(): Promise<Pick<PageBundle, 'loader' | 'code'>> {
  const [loader, code] = await Promise.all(
    [loaderFile, compareFile].map(async (file) => bundleForBrowser(await readFile(file, 'utf8'), dirname(file))),
  );
  return { loader: loader!, code: code! };
}

/** TypeScript and all that it reaches as one script for browsers. Throws `Error` naming what only Node has. */
export async function bundleForBrowser(source: string, folder: string): Promise<string> {
  return (await bundled(source, folder)).outputFiles[0]!.text.trimEnd();
}

/**
 * The script with what it is made of: each file that is reached, and what that imports.
 *
 * @param external modules that are left to be found when it runs
 */
export async function bundled(source: string, folder: string, external: readonly string[] = []) {
  const esbuild = await import('esbuild');
  return esbuild.build({
    stdin: { contents: source, resolveDir: folder, loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    // Panels name what runs under Node by its place, which means nothing here.
    define: { 'import.meta.url': '"file:///"' },
    logLevel: 'silent',
    metafile: true,
    external: [...external],
    plugins: [twins, leftOut],
  });
}

const twins: Plugin = {
  name: 'twins',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const twin = pageTwins.get(path);
      if (twin === undefined) return undefined;
      return { contents: await readFile(twin, 'utf8'), resolveDir: dirname(twin), loader: 'ts' };
    });
  },
};

/** What a page has no use for, though it is imported: gradients, threads, what only Node has, and checks of configs. */
const withoutUse = [
  /^@tensorflow\/tfjs-core\/dist\/register_all_gradients$/,
  /^\.\.\/wasm-out\/tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/,
  /^(fs|path|os|perf_hooks|worker_threads|node-fetch|util|crypto|string_decoder)$/,
];

const leftOut: Plugin = {
  name: 'left-out',
  setup(build) {
    const ofOthers = /node_modules/;
    for (const filter of withoutUse)
      build.onResolve({ filter }, ({ path, importer }) =>
        ofOthers.test(importer) ? { path, namespace: 'left-out' } : undefined,
      );
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
    // Configs were checked when the networks were trained.
    build.onResolve({ filter: /^zod$/ }, () => ({ path: noSchemasFile }));
  },
};
