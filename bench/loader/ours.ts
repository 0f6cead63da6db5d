// One round of ours; settings as JSON on the command line, prints a JSON line with images/s.
// node --import tsx bench/loader/ours.ts '{"what":"view","lmdb":"…","batch":64,"workers":2,"augment":{…}}'
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { augmentSchema } from '@selfsup/data/augment';
import { openDataset } from '@selfsup/data/dataset';
import { checkDatasetConfig } from '@selfsup/data/dataset-config';
import { ingest } from '@selfsup/data/ingest';
import { createLoader } from '@selfsup/data/loader';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { normalise } from '@selfsup/models/normalise';
import { imagesOf } from '@selfsup/tasks/images';

interface Settings {
  readonly what: 'view' | 'ingest';
  readonly lmdb: string;
  readonly batch: number;
  readonly workers: number;
  readonly augment: unknown;
  /** Epochs joined to one, so that a round is long enough. */
  readonly repeat: number;
  readonly config: unknown;
  readonly to: string;
}

const settings = JSON.parse(process.argv[2]!) as Settings;
const silent = {
  phase: () => ({ advance: () => undefined, done: () => undefined }),
  note: () => undefined,
  warn: () => undefined,
};

async function view(): Promise<number> {
  const dataset = openDataset(settings.lmdb);
  const loader = createLoader({
    ...settings,
    augment: augmentSchema.parse(settings.augment),
    dataset,
    split: 'train',
    batchSize: settings.batch,
    key: randomKey(1, 'bench'),
    shuffle: true,
    dropLast: false,
    samplesPerEpoch: dataset.count('train') * settings.repeat,
  });
  let start = 0;
  let images = 0;
  for (const epoch of [0, 1]) {
    start = performance.now();
    images = 0;
    for await (const batch of loader.epoch(epoch)) {
      // On the device, as every task does it.
      const normalised = tf.tidy(() => normalise(imagesOf(batch), dataset.manifest.statistics));
      images += normalised.shape[0]!;
      normalised.dispose();
    }
  }
  const seconds = (performance.now() - start) / 1000;
  await loader.close();
  await dataset.close();
  return images / seconds;
}

async function ingestion(): Promise<number> {
  await rm(settings.to, { recursive: true, force: true });
  const start = performance.now();
  const { manifest } = await ingest({
    name: 'bench',
    config: await checkDatasetConfig(settings.config),
    workFolder: settings.to,
    datasetFolder: join(settings.to, '..'),
    progress: silent,
    signal: new AbortController().signal,
  });
  const images = Object.values(manifest.splits).reduce((sum, { count }) => sum + count, 0);
  return images / ((performance.now() - start) / 1000);
}

console.log(JSON.stringify({ imagesPerSecond: settings.what === 'view' ? await view() : await ingestion() }));
process.exit(0);
