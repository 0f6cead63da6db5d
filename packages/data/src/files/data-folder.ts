// @no-effect-on-results
import { isFolder } from '@selfsup/kit/folders';

/** What is to be known of the folder that `SELFSUP_DATA` names where something is not found in it, as a sentence. */
export function dataFolderState(folder: string | undefined): string {
  if (folder === undefined || folder === '') return 'SELFSUP_DATA is not set.';
  return `SELFSUP_DATA names ${folder}${isFolder(folder) ? '' : ', a folder that does not exist'}.`;
}
