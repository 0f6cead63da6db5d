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

/** The file of a part, below the package's folder; undefined where `partNames` does not have it. */
export function partThere(packageFolder, name) {
  const room = partsRoom(packageFolder);
  const path = join(room ?? 'src', name, `${name}.ts`);
  return room !== undefined && existsSync(join(packageFolder, path)) ? path : undefined;
}

/** The file that a part of a package is, below the package's folder; there need not be one. */
export function partPath(packageFolder, name) {
  return join(partsRoom(packageFolder) ?? 'src', name, `${name}.ts`);
}

/**
 * What the parts of a package are, as `selfsup.kind` in its package.json says: `dataset` where they are sources of one,
 * `network`, `pretraining`, `evaluation` or `panel`. Undefined where a package says nothing.
 */
export function partsKind(packageFolder) {
  return readJson(join(packageFolder, 'package.json')).selfsup?.kind;
}

/**
 * Gives a function that finds the names in a config by which it chooses parts of a package. They stand at the paths that
 * `selfsup.namedAt` in its package.json lists: `network.name` is the text `name` of whatever is called `network`, however
 * deep; `*` stands for each entry of a list. With `datasetsNamedAt` these are the datasets that a config builds on.
 */
export function partChooser(packageFolder, list = 'namedAt') {
  const find = partPlaces(packageFolder, list);
  return (config) => new Set(find(config).map(({ name }) => name));
}

/** The same with the place of each name: the keys that lead to it, the last of which is its own, and what it stands in. */
export function partPlaces(packageFolder, list = 'namedAt') {
  const paths = (readJson(join(packageFolder, 'package.json')).selfsup?.[list] ?? []).map((path) => path.split('.'));
  return (config) => paths.flatMap((path) => placesAt(config, path, []));
}

/** The file behind an entry of a package's `exports`, such as `./ingest`, below the package's folder; undefined where there is none. */
export function entryPath(packageFolder, entry) {
  return readJson(join(packageFolder, 'package.json')).exports?.[entry];
}

function placesAt(node, path, above) {
  if (node === null || typeof node !== 'object') return [];
  const children = Object.entries(node).flatMap(([key, child]) => placesAt(child, path, [...above, key]));
  return [...along(node, path, above), ...children];
}

function along(node, [first, ...rest], above) {
  if (node === null || typeof node !== 'object') return [];
  const next = first === '*' ? Object.keys(node) : Object.hasOwn(node, first) ? [first] : [];
  return next.flatMap((key) => {
    const path = [...above, key];
    return rest.length === 0 ? [{ path, name: node[key], section: node }] : along(node[key], rest, path);
  });
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
