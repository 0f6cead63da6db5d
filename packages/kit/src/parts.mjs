// @no-effect-on-results
// The one lookup of parts: what `uses`, `network.name` and a source's `type` may name. Plain JavaScript, since Nx's plugin asks too.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folder, below the package's, whose sub-folders are its parts, as its `exports` say: `src/networks` where they hold
 * `"./networks/*": "./src/networks/*\/*.ts"`. Undefined where a package has no parts.
 */
function partsRoom(packageFolder) {
  const { exports = {} } = readJson(join(packageFolder, 'package.json'));
  for (const target of Object.values(exports)) {
    const room = /^\.\/(src\/[^*]+)\/\*\/\*\.ts$/.exec(target)?.[1];
    if (room !== undefined) return room;
  }
  return undefined;
}

/** Names of the parts of a package, sorted: the sub-folders of its room that hold a file of their own name. */
export function partNames(packageFolder) {
  const room = partsRoom(packageFolder);
  if (room === undefined) return [];
  const folder = join(packageFolder, room);
  return list(folder).filter((name) => existsSync(join(folder, name, `${name}.ts`)));
}

/** The file that a part of a package is, below the package's folder; there need not be one. */
export function partPath(packageFolder, name) {
  return join(partsRoom(packageFolder) ?? 'src', name, `${name}.ts`);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

function list(folder) {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
