import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { joinedFingerprint, treeFingerprint } from '../../files/file-tree.ts';
import { givenPath } from '../../files/named-files.ts';
import type { Source, SourceContext } from '../../source.ts';
import { openImagenet, type ImagenetParts } from './read-imagenet.ts';

const schema = z.strictObject({
  type: z.literal('imagenet'),
  /** The folder that holds the official archives, or the extracted train and val. */
  path: z.string().optional(),
  /** Splits to ingest: both where absent and there. */
  splits: z
    .array(z.enum(['train', 'val']))
    .min(1)
    .optional(),
});

type ImagenetConfig = z.infer<typeof schema>;

const names = {
  train: ['ILSVRC2012_img_train.tar', 'train', join('ILSVRC', 'Data', 'CLS-LOC', 'train')],
  val: ['ILSVRC2012_img_val.tar', 'val', join('ILSVRC', 'Data', 'CLS-LOC', 'val')],
  devkit: ['ILSVRC2012_devkit_t12.tar.gz', 'ILSVRC2012_devkit_t12'],
};

/** Of the official archives: md5, as torchvision publishes them, for people who want to compare. */
const md5s = {
  'ILSVRC2012_img_train.tar': '1d675b47d978889d74fa0da5fadfb00e',
  'ILSVRC2012_img_val.tar': '29b22e2961454d5413ddabcf34fc5622',
  'ILSVRC2012_devkit_t12.tar.gz': 'fa75699e90414af021442c21a62c3abf',
};

const files = Object.entries(md5s).map(([name, md5]) => `${name} (md5 ${md5})`);
const remedy =
  `Log in at https://www.image-net.org/download.php, accept the terms, and put ${files.join(', ')} into the folder ` +
  'that SELFSUP_DATA names (or a folder imagenet below it), or give the path of their folder.';

function partsIn(folder: string, splits: readonly ('train' | 'val')[]): Partial<ImagenetParts> {
  const find = (kind: keyof typeof names): string | undefined =>
    names[kind].map((name) => join(folder, name)).find((path) => existsSync(path));
  const parts: { train?: string; val?: string; devkit?: string } = {};
  for (const kind of [...splits, 'devkit'] as const) {
    const path = find(kind);
    if (path !== undefined) parts[kind] = path;
  }
  return parts;
}

/**
 * ImageNet ILSVRC-2012 (Russakovsky et al. 2015): 1,281,167 + 50,000 images in 1,000 classes, from the official tars
 * without unpacking them (members are read at their place, also those of tars inside the tar), or extracted folders.
 */
const source: Source<ImagenetConfig> = {
  schema,
  async look(config, context: SourceContext) {
    const splits = config.splits ?? (['train', 'val'] as const);
    const given = config.path === undefined ? undefined : givenPath(config.path, context);
    if (given !== undefined && !statSync(given).isDirectory()) {
      throw new UserError('Not the folder that holds the archives', { file: given, field: 'path', remedy });
    }
    const data = context.dataFolder;
    const folders =
      given !== undefined ? [given] : data ? [join(data, 'imagenet'), join(data, 'ILSVRC2012'), data] : [];
    const found = folders.map((folder) => partsIn(folder, splits)).find(({ train, val }) => train ?? val);
    const lacking = splits.filter((split) => found?.[split] === undefined);
    if (found === undefined || (config.splits !== undefined && lacking.length > 0)) {
      const what = lacking.map((split) => names[split][0]).join(' and ');
      if (given !== undefined) throw new UserError(`${what} not found here`, { file: given, field: 'path', remedy });
      return { missing: `no ${what} in SELFSUP_DATA; ImageNet cannot be fetched without a login`, remedy };
    }
    const prints: Record<string, string> = {};
    for (const [kind, path] of Object.entries(found)) prints[kind] = await treeFingerprint(path, context);
    const present = splits.filter((split) => found[split] !== undefined);
    return {
      found: {
        chosen: `ImageNet ILSVRC-2012: ${present.join(', ')}`,
        route: Object.values(found).join(', '),
        settings: { splits: present },
        fingerprint: joinedFingerprint(prints),
        open: () => openImagenet(found),
      },
    };
  },
};

export default source;
