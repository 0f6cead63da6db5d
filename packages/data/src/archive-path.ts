import { UserError } from '@selfsup/engine/errors';

/**
 * The path of a file inside an archive with `/` between its parts and without a leading `./`. Throws `UserError` for
 * one that leads out of the archive: absolute, with a drive letter, with `..` or NUL in it.
 */
export function checkedPath(path: string, archive: string): string {
  const plain = path.replaceAll('\\', '/').replace(/^(?:\.\/+)+/, '');
  const leadsOut = plain.startsWith('/') || /^[A-Za-z]:/.test(plain) || plain.split('/').includes('..');
  if (!leadsOut && !plain.includes('\0')) return plain;
  throw leadingOut(path, archive);
}

/** The error for a path that leads out of an archive. */
export function leadingOut(path: string, archive: string): UserError {
  return new UserError(`The archive holds a file whose path leads out of it: ${JSON.stringify(path)}`, {
    file: archive,
    remedy: 'Do not use this archive: such paths are made to overwrite files of whoever unpacks it.',
  });
}
