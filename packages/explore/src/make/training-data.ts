import { openDataset } from '@selfsup/data/dataset';
import type { TrainingData } from '../page-data.ts';

/** Images of a dataset that are shown at most, and their largest side. */
const mostShown = 8;
const largestSide = 64;

/** What a page says of the dataset that a network was trained on, with its first images where these are small and all alike. */
export async function trainingData(lmdb: string): Promise<TrainingData> {
  const dataset = openDataset(lmdb);
  try {
    const { source, splits, image } = dataset.manifest;
    const facts = { chosen: source.chosen, ofFewPictures: source.type === 'single-image' };
    const count = Math.min(mostShown, splits['train']?.count ?? 0);
    if (image.encoding !== 'raw' || Math.max(image.height, image.width) > largestSide || count === 0) return facts;
    const { height, width, channels } = image;
    const images = Array.from({ length: count }, (_, i) => dataset.image('train', i));
    return { ...facts, first: { height, width, channels, count, pixels: Buffer.concat(images).toString('base64') } };
  } finally {
    await dataset.close();
  }
}
