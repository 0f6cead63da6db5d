import type { ComparisonInput } from '../comparison-input.ts';
import type { DatasetFacts } from '../input.ts';

/** Files below this size stay as they are: little is to be won, and small pixels suffer most. */
const small = 6000;
/** Of WebP, 0..100: photographs at which no difference is seen at the size of the page. */
const quality = 80;

/**
 * The same comparison with its large pictures (galleries of neighbours, attention, contact sheets) as lossy WebP, a tenth of
 * their size as PNG. Pixels are neither scaled nor cut. A picture that would not get smaller, and each below 6 kB, stays as it is.
 */
export async function withLighterPictures(input: ComparisonInput): Promise<ComparisonInput> {
  const { default: sharp } = await import('sharp');
  const lighter = async (bytes: Uint8Array): Promise<Uint8Array> => {
    if (bytes.length < small) return bytes;
    const webp = await sharp(bytes).webp({ quality, effort: 5, smartSubsample: true }).toBuffer();
    return webp.length < bytes.length ? webp : bytes;
  };
  /** Any figure's data: its kind need not be known, since pictures are bytes wherever they stand. */
  const lighterValue = async (value: unknown): Promise<unknown> => {
    if (value instanceof Uint8Array) return lighter(value);
    if (Array.isArray(value)) return inTurn(value, lighterValue);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      await inTurn(Object.entries(value), async ([key, part]) => [key, await lighterValue(part)] as [string, unknown]),
    );
  };
  const dataset = async (one: DatasetFacts): Promise<DatasetFacts> =>
    one.sheet === undefined ? one : { ...one, sheet: await lighter(one.sheet) };
  return {
    ...input,
    rows: await inTurn(input.rows, async (row) => ({
      ...row,
      figures: await inTurn(row.figures, async ({ kind, data }) => ({ kind, data: await lighterValue(data) })),
    })),
    datasets: await inTurn(input.datasets, dataset),
  };
}

async function inTurn<T>(all: readonly T[], change: (one: T) => Promise<T>): Promise<T[]> {
  const changed: T[] = [];
  for (const one of all) changed.push(await change(one));
  return changed;
}
