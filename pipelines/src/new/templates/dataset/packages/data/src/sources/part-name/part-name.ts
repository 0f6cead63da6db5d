import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { folderDigest } from '../../files/fingerprint.ts';
import { givenPath, inDataFolder } from '../../files/named-files.ts';
import type { Source, SourceEntry, SourceImage, SourceReading } from '../../source.ts';

// One section of "sources" in dataset.json. Strict: a key that is not named here is an error.
const schema = z.strictObject({
  type: z.literal('part-name'),
  /** The folder that holds train and test; the folder part-name in SELFSUP_DATA where absent. */
  path: z.string().optional(),
  /** Pixels a side: every picture is scaled to cover such a square, and cropped around its centre. */
  size: z.int().min(8).default(32),
});
type PartNameConfig = z.infer<typeof schema>;

/** <split>/<class>/<file>, with / between the parts. */
const layout = /^(train|test)\/([^/]+)\/[^/]+\.(?:jpe?g|png|webp)$/i;

/** Pictures in folders named after their classes. */
const source: Source<PartNameConfig> = {
  schema,
  // Asked before every run, so it must be cheap: the fingerprint is remembered while the files stay as they are.
  async look(config, context) {
    const path = config.path === undefined ? inDataFolder(['part-name'], context) : givenPath(config.path, context);
    if (path === undefined) {
      return {
        missing: 'no folder part-name in SELFSUP_DATA',
        remedy: 'Put a folder part-name with train/<class> and test/<class> where SELFSUP_DATA says, or give its path.',
      };
    }
    return {
      found: {
        chosen: `part-name, pictures scaled to ${config.size} × ${config.size}`,
        route: path,
        // What changes the pixels, never where they lie: it is part of the key under which the dataset is kept.
        settings: { size: config.size },
        fingerprint: await folderDigest(path, context, (file) => layout.test(file)),
        open: () => open(path, config.size),
      },
    };
  },
};
export default source;

async function open(folder: string, size: number): Promise<SourceReading> {
  const listed = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = listed
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => layout.test(path))
    // The same order on every machine.
    .sort();
  const classes = [...new Set(paths.map((path) => path.split('/')[1]!))].sort();
  if (paths.length === 0) {
    throw new UserError('No pictures of the form train/<class>/<name>.jpg are in here', {
      file: folder,
      remedy: 'Give the folder that holds train and test.',
    });
  }
  const entries = paths.map((path): SourceEntry => {
    const [split, name] = path.split('/') as [string, string];
    return { split, label: classes.indexOf(name), path };
  });

  // Ingestion asks only for what it does not have yet.
  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for (const [entry, path] of paths.entries()) {
      if (!wanted(entry)) continue;
      try {
        const pixels = await sharp(await readFile(join(folder, path)), { failOn: 'warning' })
          .rotate() // as the camera was held
          .resize(size, size, { fit: 'cover' })
          .flatten({ background: 'white' })
          .toColourspace('srgb')
          .raw({ depth: 'uchar' })
          .toBuffer();
        yield { entry, pixels, height: size, width: size, channels: 3 };
      } catch (error) {
        // Left out and listed in the manifest; too many of them stop the ingestion.
        yield { entry, damaged: `cannot be decoded: ${(error as Error).message}` };
      }
    }
  }
  return { classes, image: { height: size, width: size, channels: 3 }, entries, images };
}
