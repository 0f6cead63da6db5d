import { join } from 'node:path';
import { smallJpeg, vocFiles } from '@selfsup/data/testing/annotated';
import { writeTree } from '@selfsup/data/testing/archives';
import { ingestSection } from '@selfsup/data/testing/workplace';
import { datasetStage } from '../declare/dataset-stage.ts';
import type { Session } from '../run/session.ts';
import { publish } from '../store/publish.ts';

/** What of a session datasets are published and found with, in a folder of its own. */
export function sessionIn(root: string): Session {
  const artifacts = { root: join(root, 'artifacts'), stages: join(root, 'artifacts') };
  return {
    workspace: { root },
    artifacts: { ...artifacts, store: join(root, 'artifacts/store') },
    remotes: { all: [] },
  } as unknown as Session;
}

/** By split the images, each with the number of its photograph: those of the same number have the same bytes. */
export type Photographs = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Publishes a dataset of detection in VOC's layout, each image with a cat, as ingestion does. */
export async function publishVoc(session: Session, name: string, year: string, photographs: Photographs) {
  const { root } = session.workspace;
  const images = Object.entries(photographs).flatMap(([split, all]) =>
    Object.entries(all).map(([image, number]) => ({ image, split, number })),
  );
  const layout = `VOC${year}`;
  const files = vocFiles(
    images.map(({ image, split }) => ({ name: image, split, side: 24, objects: [['cat', 1, 1, 9, 9]] as const })),
    layout,
  );
  for (const { image, number } of images) files[`${layout}/JPEGImages/${image}.jpg`] = smallJpeg(number, 24);
  await writeTree(join(root, 'source', name), files);
  await writeTree(join(root, 'pipelines/datasets', name), { 'dataset.json': Buffer.from('{}') });
  const source = { type: 'voc', year, task: 'detection', path: `source/${name}`, splits: Object.keys(photographs) };
  const { folder, manifest } = await ingestSection(root, name, source, { store: { encoding: 'jpeg' } });
  const stage = datasetStage(session, name);
  const facts = join(root, `${name}.json`);
  await writeTree(root, { [`${name}.json`]: Buffer.from(JSON.stringify(manifest)) });
  await publish(
    { metrics: [], blobs: { lmdb: folder }, identities: { lmdb: manifest.digest }, files: { 'dataset.json': facts } },
    {
      ...{ folder: stage.folder, store: stage.store, scratch: stage.workFolder, confirm: () => Promise.resolve() },
      manifest: {
        ...{ key: name, keyParts: { uses: 'data/ingest', seed: 0, config: {}, needs: {}, code: '' }, parts: [] },
        ...{ code: { key: '', files: {}, packages: {} }, places: [], resolvedConfig: {} },
      },
      run: { started: '', finished: '', wallSeconds: 0, host: '', cpu: '', node: '', peakMemoryBytes: 0 },
    },
  );
}
