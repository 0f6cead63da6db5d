import type { CodeKey } from './code-key/code-key.ts';

/**
 * What changed a code key, a line each: declarations by file and name, other files, and versions of packages.
 * What only moved is not named.
 */
export function codeDifferences(before: CodeKey, now: CodeKey): string[] {
  if (before.declarations === undefined || now.declarations === undefined) {
    return ['code: it is compared in another way than when this was published'];
  }
  const lines = [...declarationDifferences(before.declarations, now.declarations)];
  const others = ({ files, declarations }: CodeKey): Record<string, string> =>
    Object.fromEntries(Object.entries(files).filter(([file]) => declarations?.[file] === undefined));
  lines.push(...fileDifferences(others(before), others(now)));
  for (const place of union(before.packages, now.packages)) {
    const [old, fresh] = [before.packages[place], now.packages[place]];
    if (old === fresh) continue;
    if (old === undefined) lines.push(`package: ${place} ${fresh} is used now`);
    else lines.push(`package: ${place} ${fresh === undefined ? 'is no longer used' : `${old} -> ${fresh}`}`);
  }
  return lines.length > 0 ? lines : ['code: which of its declarations are used where'];
}

type Declarations = NonNullable<CodeKey['declarations']>;

function* declarationDifferences(before: Declarations, now: Declarations): Generator<string> {
  const old = listed(before);
  const fresh = listed(now);
  const added = fresh.filter(({ hash }) => !old.some((other) => other.hash === hash));
  const removed = old.filter(({ hash }) => !fresh.some((other) => other.hash === hash));
  for (const { file, name } of added) {
    const known = removed.some((other) => other.name === name);
    yield `code: ${name} in ${file} ${known ? 'was changed' : 'is used now'}`;
  }
  for (const { file, name } of removed) {
    if (!added.some((other) => other.name === name)) yield `code: ${name} in ${file} is no longer used`;
  }
}

/** Files that are not code go by their content, wherever they lie. */
function* fileDifferences(before: Record<string, string>, now: Record<string, string>): Generator<string> {
  for (const file of union(before, now)) {
    const [old, fresh] = [before[file], now[file]];
    if (old === fresh) continue;
    if (old !== undefined && fresh !== undefined) yield `file: ${file} was changed`;
    else if (fresh !== undefined && !Object.values(before).includes(fresh)) yield `file: ${file} is used now`;
    else if (old !== undefined && !Object.values(now).includes(old)) yield `file: ${file} is no longer used`;
  }
}

function listed(declarations: Declarations): { file: string; name: string; hash: string }[] {
  return Object.entries(declarations).flatMap(([file, found]) =>
    Object.entries(found).map(([name, hash]) => ({ file, name, hash })),
  );
}

function union(...maps: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(maps.flatMap((map) => Object.keys(map)))].sort();
}
