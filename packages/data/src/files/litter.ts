/** Folders that systems, servers and programs keep for themselves; any name with a dot in front is such a one too. */
const folders = [
  ...[
    '__MACOSX',
    '@eaDir',
    '#recycle',
    '#snapshot',
    '@Recycle',
    '@Recently-Snapshot',
    'Network Trash Folder',
    'Temporary Items',
  ],
  ...['$RECYCLE.BIN', 'RECYCLER', 'RECYCLED', 'System Volume Information', 'lost+found', '__pycache__'],
].map((name) => name.toLowerCase());

const files =
  /^(?:thumbs\.db|ehthumbs\.db|desktop\.ini|icon\r|.*(?:~|\.bak|\.orig|_original|\.tmp|\.part|\.partial|\.crdownload))$/i;

/** Why litter is passed over. */
export const litterReason = 'hidden, of the system or a backup';

/**
 * The folder or file that makes a path litter: hidden, of the system, or a backup or unfinished copy of another file; as a path up
 * to there. Nothing where all of the path was meant by a person.
 *
 * @param path with `/` between its parts, the last of which is a file
 */
export function litterIn(path: string): string | undefined {
  const parts = path.split('/');
  const at = parts.findIndex((name, i) => isLitter(name, i < parts.length - 1));
  return at < 0 ? undefined : parts.slice(0, at + 1).join('/');
}

/** Whether a file or folder of this name is litter. */
export function isLitter(name: string, isFolder: boolean): boolean {
  return name.startsWith('.') || (isFolder ? folders.includes(name.toLowerCase()) : files.test(name));
}
