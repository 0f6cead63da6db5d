import { loadSource, onceEach, prepare, type SourceContext, type Store } from '@selfsup/data/testing/internals';

const stores: readonly Store[] = [
  { encoding: 'jpeg', shorterSide: 16, quality: 90 },
  { encoding: 'raw', height: 8, width: 8, channels: 1, fit: 'cover' },
  { encoding: 'jpeg', quality: 90 },
];

/** A section of `sources` in `dataset.json`. */
export interface Section {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/**
 * Reads a source of `dataset.json` as ingestion does, but for its store: looks for it, opens it, prepares each image. Gives the
 * reasons why images are damaged; throws what ingestion would.
 */
export async function ingested(section: Section, context: SourceContext): Promise<string[]> {
  const { schema, look } = await loadSource(section.type);
  const answer = await look(schema.parse(section), context);
  if ('missing' in answer) return [answer.missing];
  const reading = await answer.found.open();
  const reasons: string[] = [];
  for await (const image of onceEach(reading, () => true)) {
    for (const store of image.mask === undefined ? stores : stores.slice(0, 1)) {
      const prepared = await prepare({ image, entry: reading.entries[image.entry]! }, store);
      if ('damaged' in prepared) reasons.push(prepared.damaged);
    }
  }
  return reasons;
}

/** As `ingested`, of one encoded picture. */
export async function preparedPicture(encoded: Uint8Array): Promise<string[]> {
  const reasons: string[] = [];
  for (const store of stores) {
    const entry = { split: 'train', label: 0, path: 'a' };
    const prepared = await prepare({ image: { entry: 0, encoded }, entry }, store);
    if ('damaged' in prepared) reasons.push(prepared.damaged);
  }
  return reasons;
}
