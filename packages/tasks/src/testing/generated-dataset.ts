import type { Dataset, DatasetManifest } from '@selfsup/data/dataset';
import { permutation, randomKey, uniform } from '@selfsup/kit/random';

/**
 * A dataset in memory for tests: grey noise with a bright bar near the top edge (so that rotations can be told
 * apart), whose colour channel is the class.
 */
export function generatedDataset(size = 16, counts = { train: 96, test: 40 }): Dataset {
  const make = (split: string, count: number) => {
    const order = permutation(randomKey(5, split), count);
    const labels = Int32Array.from(order, (position) => position % 3);
    return { labels, images: Array.from(labels, (label, i) => barImage(size, label, randomKey(5, split, i))) };
  };
  const splits: Record<string, ReturnType<typeof make>> = {
    train: make('train', counts.train),
    test: make('test', counts.test),
  };
  const manifest = {
    schema: 2,
    name: 'generated',
    source: { type: 'generated', config: {}, chosen: 'generated for a test', fallback: false },
    image: { height: size, width: size, channels: 3, encoding: 'raw' },
    classes: ['red', 'green', 'blue'],
    splits: { train: { count: counts.train, classCounts: [] }, test: { count: counts.test, classCounts: [] } },
    sizes: {
      height: { least: size, mean: size, greatest: size },
      width: { least: size, mean: size, greatest: size },
      bytes: 0,
    },
    statistics: { mean: [80, 80, 80], std: [50, 50, 50] },
    digest: `generated-${size}-${counts.train}-${counts.test}`,
    quarantine: [],
  } as DatasetManifest;
  return {
    folder: '',
    manifest,
    count: (split) => splits[split]!.labels.length,
    labels: (split) => splits[split]!.labels,
    image: (split, i) => splits[split]!.images[i]!.slice(),
    readInto: (split, i, target, offset) => target.set(splits[split]!.images[i]!, offset),
    sourcePath: (split, i) => `${split}/${i}`,
    annotations: () => ({}),
    mask: () => undefined,
    hasMask: () => false,
    picture: (split, i) => ({ pixels: splits[split]!.images[i]!.slice(), height: size, width: size, channels: 3 }),
    withJpeg: () => {
      throw new Error('Stored raw.');
    },
    close: async () => undefined,
  };
}

function barImage(size: number, label: number, key: ReturnType<typeof randomKey>): Uint8Array {
  const pixels = Uint8Array.from({ length: size * size * 3 }, (_, i) => 40 + 80 * uniform(key, i));
  const top = 1 + Math.floor(2 * uniform(key, pixels.length));
  for (let x = 2; x < size - 2; x++) pixels[(top * size + x) * 3 + label] = 250;
  return pixels;
}
