import { basename } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { openFileTree } from './file-tree.ts';

/** What `read` makes of a file's content. Throws `UserError` naming the file where it is missing or `read` throws. */
export type ReadWanted = <A>(name: string, read: (content: Buffer) => A) => A;

/** The files of these names in a folder or an archive, wherever in it; `remedy` says where to have them from. */
export async function wantedFiles(path: string, names: readonly string[], remedy: string): Promise<ReadWanted> {
  const tree = await openFileTree(path, (file) => names.includes(basename(file)));
  const contents = new Map<string, Buffer>();
  for await (const file of tree.read(() => true)) contents.set(basename(file.path), file.content);
  return (name, read) => {
    const content = contents.get(name);
    if (content === undefined) throw new UserError(`${name} is missing`, { file: path, field: name, remedy });
    try {
      return read(content);
    } catch (cause) {
      throw new UserError(`${name}: ${(cause as Error).message}`, { file: path, field: name, remedy, cause });
    }
  };
}
