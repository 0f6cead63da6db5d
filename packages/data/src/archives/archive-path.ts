import { UserError } from '@selfsup/kit/errors';

/**
 * The path of a member of an archive with one `/` between its parts, without `.` among them. Throws `UserError` for one that
 * leads out of the archive: absolute, with a drive letter, with `..` or NUL in it.
 */
export function checkedPath(path: string, archive: string): string {
  const asOnWindows = path.replaceAll('\\', '/');
  const leadsOut = leadsToRoot(path) || asOnWindows.split('/').includes('..');
  if (leadsOut || path.includes('\0')) throw leadingOut(path, archive);
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Whether a path starts at the root of a file system or with a drive letter. */
export function leadsToRoot(path: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:)/.test(path.replace(/^(?:\.\/+)+/, ''));
}

/** The error for a path that leads out of an archive. */
export function leadingOut(path: string, archive: string): UserError {
  return new UserError(`The archive holds a file whose path leads out of it: ${JSON.stringify(path)}`, {
    file: archive,
    remedy: 'Do not use this archive: such paths are made to overwrite files of whoever unpacks it.',
  });
}
