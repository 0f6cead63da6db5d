// For tests: loads one batch by more threads than there are batches, and closes nothing. Ends by itself.
import { randomKey } from '@selfsup/kit/random';
import { openDataset } from '../dataset.ts';
import { createLoader } from '../loading/loader.ts';

const dataset = openDataset(process.argv[2]!);
const options = { shuffle: false, augment: {}, dropLast: false, workers: 4, batchSize: dataset.count('test') };
const loader = createLoader({ ...options, dataset, split: 'test', key: randomKey(1, 'child') });
for await (const batch of loader.epoch(0)) console.log(batch.labels.length);
