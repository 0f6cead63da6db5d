import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { sha256 } from '@selfsup/kit/files';

/** Stands for `new URL('./x', import.meta.url)` in a bundle; its argument is the absolute path. */
export const fileCall = '__selfsup_file__';
/** Stands for `import 'package'` in a bundle, which would be lost. */
const importCall = '__selfsup_import__';

/** A source file of ours as the code key reads it. */
export interface SourceFile {
  /** JavaScript without types, comments and white space; files named by URL and late imports are written out. */
  readonly code: string;
  /** Whether it says of itself that no result depends on it: errors, progress, help. */
  readonly withoutEffect: boolean;
  /** Whether importing it does something, by the `sideEffects` of its package. */
  readonly hasSideEffects: boolean;
}

const marker = /^(?:#!.*\n)?\s*\/\/ @no-effect-on-results\b/;
const known = new Map<string, Promise<SourceFile>>();

/** Reads a file once in the life of the process. Throws esbuild's failure where it cannot be parsed. */
export function sourceFile(path: string): Promise<SourceFile> {
  let found = known.get(path);
  if (found === undefined) known.set(path, (found = read(path)));
  return found;
}

async function read(path: string): Promise<SourceFile> {
  const text = await readFile(path, 'utf8');
  const esbuild = await import('esbuild');
  const { code } = await esbuild.transform(text, {
    loader: path.endsWith('ts') ? 'ts' : 'js',
    sourcefile: path,
    minifyWhitespace: true,
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
  });
  return {
    code: writtenOut(code, dirname(path)),
    withoutEffect: marker.test(text),
    hasSideEffects: sideEffectsOf(path),
  };
}

/**
 * Late imports become imports, so that they can be followed name by name; files named by URL become calls with their
 * path, and imports of others' packages for their effect become calls, which stay in a bundle.
 */
function writtenOut(code: string, folder: string): string {
  const imports: string[] = [];
  const named = (specifier: string): string => {
    const name = `__late${imports.length}`;
    imports.push(`import*as ${name} from${JSON.stringify(specifier)};`);
    return name;
  };
  const body = code
    .replace(
      /\bimport\("((?:\.|@selfsup\/)[^"]*)"\)/g,
      (_, specifier: string) => `Promise.resolve(${named(specifier)})`,
    )
    .replace(/\bnew URL\("(\.[^"]+\.\w+)",import\.meta\.url\)/g, (whole: string, name: string) => {
      const path = resolve(folder, name);
      return existsSync(path) ? `${fileCall}(${JSON.stringify(path)})` : whole;
    })
    .replace(/\bimport"((?!node:|@selfsup\/)[^"./][^"]*)";/g, (_, specifier: string) => {
      return `${importCall}(${named(specifier)});`;
    });
  return imports.join('') + body;
}

function sideEffectsOf(path: string): boolean {
  const found = packageOfFile(path);
  const effects = found?.manifest.sideEffects;
  if (!Array.isArray(effects)) return effects !== false;
  return effects.includes(`./${relative(found!.folder, path)}`);
}

interface PackageManifest {
  readonly name: string;
  readonly sideEffects?: boolean | readonly string[];
}

const manifests = new Map<string, PackageManifest | undefined>();

/** The package that a file belongs to: its folder and manifest. */
export function packageOfFile(path: string): { folder: string; manifest: PackageManifest } | undefined {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (!manifests.has(folder)) {
      const file = join(folder, 'package.json');
      const manifest = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PackageManifest) : undefined;
      manifests.set(folder, manifest);
    }
    const manifest = manifests.get(folder);
    if (manifest !== undefined) return { folder, manifest };
  }
  return undefined;
}

/** Path from the workspace root; a file outside is named by its package, so that no place of a machine is shown. */
export function nameOfFile(root: string, file: string): string {
  const path = relative(root, file);
  if (!path.startsWith('..')) return path;
  const found = packageOfFile(file);
  return found === undefined ? path : join(found.manifest.name, relative(found.folder, file));
}

/** sha256 of a file's content; `absent` where there is none. */
export async function contentHash(path: string): Promise<string> {
  return readFile(path).then(sha256, () => 'absent');
}
