import { canonicalJson } from '@selfsup/kit/files';
import { changedPaths } from './changed-paths.ts';

/** Where something is computed: processor, threads, arithmetic. The last bits of a result may depend on it. */
export type Place = Readonly<Record<string, string>>;

/** How the places where something was computed differ from `here`, a line each; none where they do not. */
export function placeDifferences(places: readonly Place[], here: Place | undefined): string[] {
  if (here === undefined) return [];
  return [...new Set(places.flatMap((place) => changedPaths(place, here)))].map((line) => `place: ${line}`);
}

/** `places`, with `here` after them unless it is the last of them. */
export function withPlace(places: readonly Place[], here: Place | undefined): readonly Place[] {
  const last = places.at(-1);
  if (here === undefined || (last !== undefined && canonicalJson(last) === canonicalJson(here))) return places;
  return [...places, here];
}

/** Each fact of some places with all its different values. */
export function placeFacts(places: readonly Place[]): (readonly [fact: string, values: readonly string[]])[] {
  const facts = [...new Set(places.flatMap((place) => Object.keys(place)))];
  return facts.map((fact) => [fact, [...new Set(places.map((place) => place[fact] ?? 'none'))]]);
}

/** What differs between places, a line for each fact with all its values; none where all are alike. */
export function placesApart(places: readonly Place[]): string[] {
  const apart = placeFacts(places).filter(([, values]) => values.length > 1);
  return apart.map(([fact, values]) => `${fact} ${values.join(' / ')}`);
}
