/**
 * What published checkpoints are called in a page, by their places below the artifacts: experiment and variant, without the
 * settings that were given with `--set`, where that tells them apart.
 */
export function pageLabels(places: readonly string[]): string[] {
  const short = places.map((place) =>
    place
      .replace(/\/seed-\d+\/[^/]+$/, '')
      .replace(/(\/[^/]+?)??[/-]set-[^/]*$/, '$1')
      .replace(/\/base$/, '')
      .replace('/', ' '),
  );
  return places.map((place, i) => (short.indexOf(short[i]!) === short.lastIndexOf(short[i]!) ? short[i]! : place));
}
