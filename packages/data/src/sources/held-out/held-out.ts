import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import { readDatasetConfig } from '../../ingest/dataset-config.ts';
import { resolveSource } from '../../ingest/resolve.ts';
import type { Source, SourceImage, SourceReading } from '../../source.ts';

const schema = z.strictObject({
  type: z.literal('held-out'),
  /** A dataset beside this one, whose images of the split `train` are divided. */
  from: z.strictObject({ dataset: z.string().regex(/^[\w-]+$/) }),
  /** Images of each class that are held out: the last ones in the dataset's order. */
  perClass: z.int().min(1),
});
type HeldOutConfig = z.infer<typeof schema>;

/** Raise it when the same settings divide in another way than before. */
const version = 1;

/**
 * The training images of another dataset, divided so that choices need no test image: the last `perClass` of each class are
 * the split `test`, the others `train`. The other dataset's test images, and images without a label, are left out.
 */
const source: Source<HeldOutConfig> = {
  schema,
  async look({ from: { dataset }, perClass }, context) {
    const datasetFolder = join(context.datasetFolder, '..', dataset);
    const file = join(datasetFolder, 'dataset.json');
    const config = await readDatasetConfig(file);
    let resolved;
    try {
      resolved = await resolveSource({ ...context, config, datasetFolder, file });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const missing = `the dataset ${dataset} cannot be had: ${error.message.replaceAll(/\s+/g, ' ')}`;
      return { missing, remedy: error.remedy ?? 'Make that dataset available.' };
    }
    const { chosen, route, identity } = resolved;
    return {
      found: {
        chosen: `${chosen}: its training images without the last ${perClass} of each class, and these to test on`,
        route,
        settings: { perClass },
        fingerprint: sha256(canonicalJson({ version, of: identity })),
        open: async () => divided(await resolved.open(), perClass, dataset),
      },
    };
  },
};
export default source;

/** Throws `UserError` for a class that would have nothing left to train on. */
function divided(reading: SourceReading, perClass: number, dataset: string): SourceReading {
  const { classes, entries } = reading;
  const ofClass = classes.map((): number[] => []);
  entries.forEach(({ split, label }, entry) => {
    if (split === 'train' && label >= 0) ofClass[label]!.push(entry);
  });
  const short = ofClass.findIndex((all) => all.length <= perClass);
  if (short >= 0 || classes.length === 0) {
    const what = short < 0 ? 'has no classes' : `has ${ofClass[short]!.length} training images of ${classes[short]}`;
    throw new UserError(`The dataset ${dataset} ${what}: ${perClass} of each class cannot be held out`, {
      field: 'perClass',
      remedy: short < 0 ? 'Name a dataset with labels.' : 'Hold out fewer than there are.',
    });
  }
  const ascending = (some: number[]): number[] => some.sort((a, b) => a - b);
  const train = ascending(ofClass.flatMap((all) => all.slice(0, -perClass)));
  const test = ascending(ofClass.flatMap((all) => all.slice(-perClass)));
  const order = [...train, ...test];
  const places = new Map(order.map((entry, place) => [entry, place]));
  return {
    ...reading,
    entries: order.map((entry, place) => ({ ...entries[entry]!, split: place < train.length ? 'train' : 'test' })),
    async *images(wanted): AsyncGenerator<SourceImage> {
      const chosen = (entry: number): boolean => {
        const place = places.get(entry);
        return place !== undefined && wanted(place);
      };
      for await (const image of reading.images(chosen)) yield { ...image, entry: places.get(image.entry)! };
    },
  };
}
