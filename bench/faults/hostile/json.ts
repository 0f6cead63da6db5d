import { oddNumbers, oddTexts, type Draws } from './draws.ts';

/** A place in a JSON value: the list or object that holds it, and its key. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string | number;
}

function places(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    found.push({ holder, key: Array.isArray(value) ? Number(key) : key });
    places(holder[key], found);
  }
  return found;
}

function nested(draws: Draws): unknown {
  let value: unknown = 1;
  for (let depth = draws.of([3, 100, 1000]); depth > 0; depth--) value = depth % 2 === 0 ? [value] : { a: value };
  return value;
}

function oddValue(draws: Draws): unknown {
  switch (draws.below(8)) {
    case 0:
      return null;
    case 1:
      return draws.of([true, false]);
    case 2:
      return [];
    case 3:
      return {};
    case 4:
      return draws.chance(20) ? nested(draws) : [null];
    case 5:
      return draws.of(oddTexts);
    default:
      return draws.of(oddNumbers);
  }
}

/** What `JSON.stringify` would not write as it is: keys that are special to an object, and the same key twice. */
function written(value: unknown, extra: string): string {
  const text = JSON.stringify(value);
  return extra !== '' && text.startsWith('{') ? `{${extra}${text === '{}' ? '' : ','}${text.slice(1)}` : text;
}

function change({ holder, key }: Place, root: unknown, draws: Draws): void {
  const at = holder as Record<string | number, unknown>;
  const kind = draws.below(7);
  if (kind <= 2) at[key] = oddValue(draws);
  else if (kind === 3 && Array.isArray(holder)) holder.splice(key as number, 1);
  else if (kind === 3) delete at[key];
  else if (kind === 4 && Array.isArray(holder)) holder.splice(key as number, 0, structuredClone(holder[key as number]));
  else if (kind === 4) at[draws.of([`${key}s`, ...oddTexts])] = oddValue(draws);
  else if (kind === 5) {
    const other = draws.of(places(root));
    at[key] = structuredClone((other.holder as Record<string | number, unknown>)[other.key]);
  } else if (typeof at[key] === 'number') at[key] = -at[key] + draws.below(3) - 1;
  else if (typeof at[key] === 'string') at[key] += draws.of(oddTexts);
  else at[key] = [at[key]];
}

/** JSON with one to three values changed: of another type, missing, doubled, added, extreme, nested deeply, moved. */
export function changedJson(seed: Buffer, draws: Draws): Buffer {
  let root: unknown;
  try {
    root = JSON.parse(seed.toString('utf8')) as unknown;
  } catch {
    return seed;
  }
  for (let left = 1 + draws.below(3); left > 0; left--) {
    const all = places(root);
    if (all.length > 0) change(draws.of(all), root, draws);
  }
  const extra = draws.chance(4) ? draws.of(['"__proto__":{"length":1}', '"constructor":null']) : '';
  return Buffer.from(written(draws.chance(2) ? oddValue(draws) : root, extra));
}
