import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import type { SourceContext } from '../source.ts';
import { dataFolderState } from './data-folder.ts';

/**
 * The path that the user gave for a source, made absolute: from the folder of `dataset.json`, or, where nothing lies there, in
 * the folder that `SELFSUP_DATA` names. Throws `UserError` where nothing lies in either: a named path is never passed over.
 */
export function givenPath(path: string, context: SourceContext): string {
  const absolute = isAbsolute(path) ? path : resolve(context.datasetFolder, path);
  if (isDataAt(absolute)) return absolute;
  const inData = isAbsolute(path) ? undefined : inDataFolder([path], context);
  if (inData !== undefined) return inData;
  const isThere = existsSync(absolute);
  throw new UserError(
    isThere ? 'This is neither a file nor a folder' : 'The data that this path names does not exist',
    {
      file: isThere ? absolute : lookedFor(path, context),
      field: 'path',
      remedy: isAbsolute(path)
        ? 'Correct the path in dataset.json or on the command line, or leave it out to look in SELFSUP_DATA.'
        : `Correct the path ${path} in dataset.json or on the command line, or put the data there in the folder that SELFSUP_DATA names. ` +
          `It was also looked for at ${absolute}. ${dataFolderState(context.dataFolder)}`,
    },
  );
}

/** Where a path means something that is not there: in the data folder, unless it was typed, and so starts where it was typed. */
function lookedFor(path: string, { datasetFolder, dataFolder }: SourceContext): string {
  const isTyped = datasetFolder === process.cwd();
  return resolve(isTyped || dataFolder === undefined || dataFolder === '' ? datasetFolder : dataFolder, path);
}

/** The first of `names` that exists in the folder `SELFSUP_DATA` names. */
export function inDataFolder(names: readonly string[], context: SourceContext): string | undefined {
  if (context.dataFolder === undefined || context.dataFolder === '') return undefined;
  return names.map((name) => join(context.dataFolder!, name)).find(isDataAt);
}

/** Whether a file or folder lies there: reading a pipe or a device would wait for ever or never end. */
function isDataAt(path: string): boolean {
  try {
    const found = statSync(path);
    return found.isFile() || found.isDirectory();
  } catch {
    return false; // not there, or in a folder that may not be looked into
  }
}
