/** A value's leaves as dotted names and texts; a list of plain values is one leaf. */
export function flatten(value: unknown, path = ''): [name: string, value: string][] {
  if (Array.isArray(value) && value.every((part) => typeof part !== 'object' || part === null))
    return [[path, value.join(', ')]];
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [[path, String(value)]];
  return Object.entries(value).flatMap(([name, part]) => flatten(part, path === '' ? name : `${path}.${name}`));
}
