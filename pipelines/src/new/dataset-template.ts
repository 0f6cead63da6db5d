import type { NameForms } from './name-forms.ts';
import type { Template } from './template.ts';

/** A source that reads pictures from class folders, and the dataset that uses it. */
export const datasetTemplate: Template = (forms) => {
  const { name, title } = forms;
  const folder = `packages/data/src/sources/${name}`;
  const declaration = {
    $schema: '../../schema/dataset.schema.json',
    about: { title, summary: 'Say what it shows.', licence: 'Say which.' },
    sources: [{ type: name, size: 32 }],
  };
  return {
    files: {
      [`${folder}/${name}.ts`]: source(forms),
      [`${folder}/${name}.test.ts`]: test(forms),
      [`pipelines/datasets/${name}/dataset.json`]: `${JSON.stringify(declaration, null, 2)}\n`,
    },
    next: [
      `put pictures into train/<class>/ and test/<class>/ of a folder ${name}, and set SELFSUP_DATA to the one above it`,
      `npx selfsup ingest ${name}`,
    ],
  };
};

const source = ({ name, pascal }: NameForms): string => `import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import sharp from 'sharp';
import { z } from 'zod';
import { folderDigest } from '../../files/fingerprint.ts';
import { givenPath, inDataFolder } from '../../files/named-files.ts';
import type { Source, SourceEntry, SourceImage, SourceReading } from '../../source.ts';

// One section of "sources" in dataset.json. Strict: a key that is not named here is an error.
const schema = z.strictObject({
  type: z.literal('${name}'),
  /** The folder that holds train and test; the folder ${name} in SELFSUP_DATA where absent. */
  path: z.string().optional(),
  /** Pixels a side: every picture is scaled to cover such a square, and cropped around its centre. */
  size: z.int().min(8).default(32),
});
type ${pascal}Config = z.infer<typeof schema>;

/** <split>/<class>/<file>, with / between the parts. */
const layout = /^(train|test)\\/([^/]+)\\/[^/]+\\.(?:jpe?g|png|webp)$/i;

/** Pictures in folders named after their classes. */
const source: Source<${pascal}Config> = {
  schema,
  // Asked before every run, so it must be cheap: the fingerprint is remembered while the files stay as they are.
  async look(config, context) {
    const path = config.path === undefined ? inDataFolder(['${name}'], context) : givenPath(config.path, context);
    if (path === undefined) {
      return {
        missing: 'no folder ${name} in SELFSUP_DATA',
        remedy: 'Put a folder ${name} with train/<class> and test/<class> where SELFSUP_DATA says, or give its path.',
      };
    }
    return {
      found: {
        chosen: \`${name}, pictures scaled to \${config.size} × \${config.size}\`,
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
        yield { entry, damaged: \`cannot be decoded: \${(error as Error).message}\` };
      }
    }
  }
  return { classes, image: { height: size, width: size, channels: 3 }, entries, images };
}
`;

const test = ({ name, pascal }: NameForms): string => `import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { contextIn, ingestSection, userError, workplace } from '../../testing/workplace.ts';
import source from './${name}.ts';

const folder = await workplace();
const colours = { green: [0, 200, 0], red: [200, 0, 0] } as const;

for (const split of ['train', 'test']) {
  for (const [name, [r, g, b]] of Object.entries(colours)) {
    const file = join(folder, 'pictures', split, name, '1.png');
    await mkdir(dirname(file), { recursive: true });
    await sharp({ create: { width: 20, height: 30, channels: 3, background: { r, g, b } } }).toFile(file);
  }
}
await writeFile(join(folder, 'pictures/train/red/2.png'), 'no picture');

test('${pascal}: classes are folders, pictures are scaled, damaged ones are left out', async () => {
  const section = { type: '${name}', path: 'pictures', size: 8 };
  const { folder: lmdb, manifest } = await ingestSection(folder, 'ingested', section, { quarantine: { atMost: 0.5 } });
  expect(manifest.classes).toEqual(['green', 'red']);
  expect(manifest.splits).toEqual({
    train: { count: 2, classCounts: [1, 1] },
    test: { count: 2, classCounts: [1, 1] },
  });
  expect(manifest.quarantine.map(({ path }) => path)).toEqual(['train: train/red/2.png']);
  const dataset = openDataset(lmdb);
  expect([...dataset.labels('train')]).toEqual([0, 1]);
  expect([...dataset.image('train', 1)]).toEqual(new Array(64).fill(colours.red).flat());
  await dataset.close();
});

test('${pascal}: where there is no folder, it says what to do', async () => {
  const look = await source.look(source.schema.parse({ type: '${name}' }), contextIn(folder));
  expect(look).toMatchObject({ remedy: expect.stringContaining('SELFSUP_DATA') });
  const wrong = ingestSection(folder, 'wrong', { type: '${name}', path: 'nowhere' });
  expect(await userError(wrong)).toContain('does not exist');
});
`;
