import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loss } from '@selfsup/kit/metric';
import { publish } from '../store/publish.ts';
import type { PublishedResult } from '../store/published-results.ts';

/** What a sample of a result holds. */
export interface Sample {
  readonly key: string;
  /** Where it stands below the root. */
  readonly label: string;
  readonly checkpoint: Buffer;
  /** Content of a blob that is a folder; none without. */
  readonly pages?: Buffer;
}

/** Publishes a result below `root` as a stage does: blobs, a small file, one metric. */
export async function publishSample(root: string, { key, label, checkpoint, pages }: Sample): Promise<PublishedResult> {
  const work = join(root, 'work', label);
  const file = (name: string, content: Buffer | string): string => {
    mkdirSync(join(work, name, '..'), { recursive: true });
    writeFileSync(join(work, name), content);
    return join(work, name);
  };
  const blobs: Record<string, string> = { checkpoint: file('weights', checkpoint) };
  if (pages !== undefined) {
    file('pages/data.mdb', pages);
    blobs.lmdb = join(work, 'pages');
  }
  const result = { label, folder: join(root, label), store: join(root, 'store') };
  await publish(
    {
      metrics: [{ head: 'pretext', measure: 'loss', ...loss, value: checkpoint.length }],
      blobs,
      files: { 'curve.json': file('curve.json', '[1, 2]') },
    },
    {
      ...result,
      scratch: work,
      manifest: {
        key,
        keyParts: { uses: 'tasks/toy', seed: 1, config: {}, needs: {}, code: 'c' },
        parts: [],
        code: { key: 'c', files: {}, packages: {} },
        places: [],
        resolvedConfig: {},
      },
      run: { started: '', finished: '', wallSeconds: 0, host: '', cpu: '', node: '', peakMemoryBytes: 0 },
      confirm: () => Promise.resolve(),
    },
  );
  return result;
}
