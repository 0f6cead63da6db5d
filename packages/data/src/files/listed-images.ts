import { UserError } from '@selfsup/kit/errors';
import type { SourceEntry, SourceImage, SourceReading } from '../source.ts';
import { openFileTree, type FileTree } from './file-tree.ts';

/** An image that a list names. */
export interface ListedImage {
  readonly split: string;
  readonly label: number;
  /** As the list has it, without a slash in front. */
  readonly path: string;
}

/** A folder or archive that holds the images of some splits. */
export interface ImageContainer {
  readonly path: string;
  readonly splits: readonly string[];
  /** The name under which the list has the file at a path of the tree; nothing for other files. */
  nameOf(path: string): string | undefined;
}

/**
 * Makes a source of images that lists name and archives or folders hold, in the order of the lists. Throws `UserError`
 * where a listed image is missing, naming the first, how many, and where it was looked for.
 */
export async function listedReading(
  listed: readonly ListedImage[],
  parts: readonly ImageContainer[],
  classes: readonly string[],
): Promise<SourceReading> {
  const places: { tree: FileTree; entries: Map<string, number> }[] = [];
  for (const part of parts) {
    const wanted = new Map<string, number>();
    listed.forEach(({ split, path }, entry) => {
      if (part.splits.includes(split)) wanted.set(path, entry);
    });
    const isWanted = (path: string): boolean => wanted.has(part.nameOf(path) ?? '');
    const tree = await openFileTree(part.path, isWanted);
    const entries = new Map(tree.paths.map((path) => [path, wanted.get(part.nameOf(path)!)!]));
    if (entries.size < wanted.size) {
      const there = new Set(entries.values());
      const [first] = [...wanted].find(([, entry]) => !there.has(entry))!;
      throw new UserError(`${wanted.size - there.size} of ${wanted.size} listed images are missing, such as ${first}`, {
        file: part.path,
        field: first,
        remedy: 'Fetch the archive again and compare its checksum; the lists must belong to it.',
      });
    }
    places.push({ tree, entries });
  }
  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for (const { tree, entries } of places) {
      for await (const { path, content } of tree.read((one) => wanted(entries.get(one)!))) {
        yield { entry: entries.get(path)!, encoded: content };
      }
    }
  }
  const warnings = places.flatMap(({ tree }) => tree.warnings);
  return { classes, entries: listed.map((one): SourceEntry => one), images, warnings };
}

/**
 * The images of a list with a path and a class index a line. Throws `Error` naming the line that has another form, or
 * an index that is no class.
 */
export function readImageLabels(content: string, split: string, classes?: number): ListedImage[] {
  const listed: ListedImage[] = [];
  content.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    const [, path, label] = /^\s*\/?(\S+)[\s,]+(\d+)\s*$/.exec(line) ?? [];
    if (path === undefined) throw new Error(`line ${i + 1} is not a path and a class: ${JSON.stringify(line)}`);
    if (classes !== undefined && Number(label) >= classes)
      throw new Error(`line ${i + 1} has the class ${label} of ${classes}`);
    listed.push({ split, label: Number(label), path });
  });
  if (listed.length === 0) throw new Error('it lists no image');
  return listed;
}

/**
 * The names of the classes that lines of lists have, by their indices, each by `nameOf` from the first of its lines. Throws
 * `Error` for a class without a line below one that has some: an absurd index would make billions of classes.
 */
export function classNames(listed: readonly ListedImage[], nameOf: (path: string) => string): string[] {
  const names = new Map<number, string>();
  for (const { path, label } of listed) if (!names.has(label)) names.set(label, nameOf(path));
  return Array.from({ length: names.size }, (_, label) => {
    const name = names.get(label);
    if (name === undefined) throw new Error(`no line is of the class ${label}, but some are of later ones`);
    return name;
  });
}
