import { z } from 'zod';
import { cifarFields, lookForCifar } from '../../formats/cifar/cifar-source.ts';
import type { CifarKind } from '../../formats/cifar/kind.ts';
import type { Source } from '../../source.ts';

const schema = z.strictObject({ type: z.literal('cifar10'), ...cifarFields });

const batches = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`);

const kind: CifarKind = {
  title: 'CIFAR-10',
  // In the order of the official labels, which is that of the alphabet.
  classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  binary: {
    name: 'cifar-10-binary.tar.gz',
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
    folder: 'cifar-10-batches-bin',
    batches: [...batches.map((name) => [`${name}.bin`, 'train'] as const), ['test_batch.bin', 'test']],
  },
  python: {
    name: 'cifar-10-python.tar.gz',
    md5: 'c58f30108f718f92721af3b95e74349a',
    folder: 'cifar-10-batches-py',
    batches: [...batches.map((name) => [name, 'train'] as const), ['test_batch', 'test']],
  },
  labelBytes: 1,
  labelAt: 0,
  labelKey: 'labels',
  treeNames: ['cifar10-jpeg.tar.xz', 'cifar10-jpeg.tar.gz', 'cifar10-jpeg.tar', 'cifar10-jpeg', 'cifar10'],
};

/** CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 images of 32 × 32 in ten classes. */
const source: Source<z.infer<typeof schema>> = {
  schema,
  look: (config, context) => lookForCifar(kind, config, {}, context),
};

export default source;
