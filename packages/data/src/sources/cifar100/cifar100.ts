import { z } from 'zod';
import { cifarFields, lookForCifar } from '../../formats/cifar/cifar-source.ts';
import type { CifarKind } from '../../formats/cifar/kind.ts';
import type { Source } from '../../source.ts';
import { coarseClasses, fineClasses } from './classes.ts';

const schema = z.strictObject({
  type: z.literal('cifar100'),
  /** The 100 fine classes, or the 20 coarse ones above them. */
  labels: z.enum(['fine', 'coarse']).default('fine'),
  ...cifarFields,
});

const kindOf = (labels: 'fine' | 'coarse'): CifarKind => ({
  title: 'CIFAR-100',
  classes: labels === 'fine' ? fineClasses : coarseClasses,
  binary: {
    name: 'cifar-100-binary.tar.gz',
    md5: '03b5dce01913d631647c71ecec9e9cb8',
    folder: 'cifar-100-binary',
    batches: [
      ['train.bin', 'train'],
      ['test.bin', 'test'],
    ],
  },
  python: {
    name: 'cifar-100-python.tar.gz',
    md5: 'eb9058c3a382ffc7106e4002c42a8d85',
    folder: 'cifar-100-python',
    batches: [
      ['train', 'train'],
      ['test', 'test'],
    ],
  },
  labelBytes: 2,
  labelAt: labels === 'fine' ? 1 : 0,
  labelKey: `${labels}_labels`,
  treeNames: ['cifar100-jpeg.tar.xz', 'cifar100-jpeg.tar.gz', 'cifar100-jpeg.tar', 'cifar100-jpeg', 'cifar100'],
});

/** CIFAR-100 (Krizhevsky 2009): 50,000 + 10,000 images of 32 × 32 in 100 classes, and 20 above them. */
const source: Source<z.infer<typeof schema>> = {
  schema,
  look: (config, context) => lookForCifar(kindOf(config.labels), config, { labels: config.labels }, context),
};

export default source;
