import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { distinct } from '@selfsup/kit/parse';
import { openFileTree, treeFingerprint } from '../../files/file-tree.ts';
import { givenPath, inDataFolder } from '../../files/named-files.ts';
import type { Source, SourceEntry, SourceImage, SourceReading } from '../../source.ts';

const schema = z.strictObject({
  type: z.literal('imagenet-sample'),
  /** A tar of images called <wnid>_<name>.JPEG; imagenet-sample.tar in SELFSUP_DATA where absent. */
  path: z.string().optional(),
  /** Splits that all images stand in, each of them: `val` too lets a recipe that measures there be tried. */
  splits: distinct(z.enum(['train', 'val']), 'a split').default(['train']),
});

type ImagenetSampleConfig = z.infer<typeof schema>;

/** n01440764_tench.JPEG, in any folder */
const layout = /(?:^|\/)(n\d{8})_([^/]*)\.jpe?g$/i;

const isImage = (path: string): boolean => layout.test(path);

async function open({ path, splits }: { path: string; splits: readonly string[] }): Promise<SourceReading> {
  const tree = await openFileTree(path, isImage);
  const listed = tree.paths.map((inTree) => {
    const [, wnid, words] = layout.exec(inTree)!;
    return { inTree, wnid: wnid!, words: words!.replaceAll('_', ' '), name: inTree.split('/').at(-1)! };
  });
  if (listed.length === 0) {
    throw new UserError('No images called <wnid>_<name>.JPEG are in here', {
      file: path,
      remedy: 'Give a tar of ImageNet images under such names.',
    });
  }
  listed.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const wnids = [...new Set(listed.map(({ wnid }) => wnid))].sort();
  const entries = splits.flatMap((split) =>
    listed.map(({ wnid, name }): SourceEntry => ({ split, label: wnids.indexOf(wnid), path: name })),
  );
  const places = new Map(listed.map(({ inTree }, place) => [inTree, place]));
  const entriesAt = (place: number): number[] => splits.map((_, split) => split * listed.length + place);
  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for await (const { path, content } of tree.read((one) => entriesAt(places.get(one)!).some(wanted))) {
      for (const entry of entriesAt(places.get(path)!).filter(wanted)) yield { entry, encoded: content };
    }
  }
  const classes = wnids.map((wnid) => `${wnid} ${listed.find((one) => one.wnid === wnid)!.words}`);
  return { classes, entries, images, warnings: tree.warnings };
}

/** A few ImageNet images in one tar, named by their synset: no dataset to measure on, but real images to try things. */
const source: Source<ImagenetSampleConfig> = {
  schema,
  async look(config, context) {
    const names = ['imagenet-sample.tar'];
    const path = config.path === undefined ? inDataFolder(names, context) : givenPath(config.path, context);
    if (path === undefined) {
      return {
        missing: 'no imagenet-sample.tar in SELFSUP_DATA',
        remedy:
          'Put a tar of ImageNet images called <wnid>_<name>.JPEG there as imagenet-sample.tar, or give its path.',
      };
    }
    return {
      found: {
        chosen: 'ImageNet images in one tar',
        route: path,
        settings: { splits: config.splits },
        fingerprint: await treeFingerprint(path, context, isImage),
        open: () => open({ path, splits: config.splits }),
      },
    };
  },
};

export default source;
