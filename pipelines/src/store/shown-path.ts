import { relative, resolve } from 'node:path';

/** A path as people want to read it: from the current folder where it lies below it, else whole. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' ? '.' : near.startsWith('..') ? resolve(path) : near;
}
