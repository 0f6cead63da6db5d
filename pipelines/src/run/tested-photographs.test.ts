import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { smallJpeg, vocFiles } from '@selfsup/data/testing/annotated';
import { writeTree } from '@selfsup/data/testing/archives';
import { ingestSection, userError, workplace } from '@selfsup/data/testing/workplace';
import { datasetStage } from '../declare/dataset-stage.ts';
import type { Stage } from '../declare/stage.ts';
import { publish } from '../store/publish.ts';
import type { Session } from './session.ts';
import { lookAtTested } from './tested-photographs.ts';

const root = await workplace();
const session = {
  workspace: { root },
  artifacts: { root: join(root, 'artifacts'), stages: join(root, 'artifacts'), store: join(root, 'artifacts/store') },
  remotes: { all: [] },
} as unknown as Session;

/** Publishes a dataset of photographs by split; those of the same number have the same bytes. */
async function dataset(name: string, year: string, splits: Readonly<Record<string, Readonly<Record<string, number>>>>) {
  const images = Object.entries(splits).flatMap(([split, photographs]) =>
    Object.entries(photographs).map(([image, number]) => ({ image, split, number })),
  );
  const layout = `VOC${year}`;
  const files = vocFiles(
    images.map(({ image, split }) => ({ name: image, split, side: 24, objects: [['cat', 1, 1, 9, 9]] as const })),
    layout,
  );
  for (const { image, number } of images) files[`${layout}/JPEGImages/${image}.jpg`] = smallJpeg(number, 24);
  await writeTree(join(root, 'source', name), files);
  const declared = { 'dataset.json': Buffer.from('{}') };
  await writeTree(join(root, 'pipelines/datasets', name), declared);
  const source = { type: 'voc', year, task: 'detection', path: `source/${name}`, splits: Object.keys(splits) };
  const { folder, manifest } = await ingestSection(root, name, source, { store: { encoding: 'jpeg' } });
  const stage = datasetStage(session, name);
  await publish(
    { metrics: [], blobs: { lmdb: folder }, identities: { lmdb: manifest.digest } },
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

beforeAll(async () => {
  await dataset('older', '2007', { trainval: { '000001': 1, '000032': 2 }, test: { '000033': 3, '000099': 4 } });
  await dataset('newer', '2012', { train: { '2008_000001': 11, '2007_000033': 12 }, val: { '2008_000007': 4 } });
});

const stage = (name: string, config: object, needs: Readonly<Record<string, Stage>>, more: Partial<Stage> = {}) =>
  ({
    name,
    label: `toy: ${name}`,
    kind: 'evaluation',
    prepare: () => Promise.resolve({ config }),
    needs,
    ...more,
  }) as unknown as Stage;
const pretrained = (name: string, split: string) =>
  stage('pretrain', { data: { split } }, { dataset: datasetStage(session, name) });
const detection = (encoder: Stage, more: Partial<Stage> = {}) =>
  stage(
    'detection',
    { train: { split: 'trainval' }, test: { split: 'test' } },
    { encoder, dataset: datasetStage(session, 'older') },
    more,
  );

test('what an encoder was trained on in another dataset is not tested on, by name and by bytes', async () => {
  const said = await userError(lookAtTested(session, [detection(pretrained('newer', 'train'))]));
  expect(said).toContain('toy: detection tests on 1 photograph of older (test) that pretrain is trained on in newer');
  expect(said).toContain('such as JPEGImages/2007_000033.jpg, there JPEGImages/000033.jpg');
  expect(said).toContain('stages.detection.config.test.split');
  expect(said).toContain('selfsup inspect newer --against older:test');
  expect(await userError(lookAtTested(session, [detection(pretrained('newer', 'val'))]))).toContain('000099');
});

test('nor what any stage before it was trained on; what it may share is said beside its results', async () => {
  const tuned = stage('tuned', { train: { split: 'train' } }, { dataset: datasetStage(session, 'newer') });
  const features = stage('features', {}, { encoder: tuned });
  await expect(lookAtTested(session, [detection(features)])).rejects.toThrow('that tuned is trained on');
  const [remark, ...others] = await lookAtTested(session, [detection(features, { sharedPhotographs: 'warn' })]);
  expect(others).toEqual([]);
  expect(remark).toMatchObject({ kind: 'tested-photographs' });
  expect(remark!.message).toContain('1 photograph of older (test)');
});

test('one dataset for both, splits that are not there and datasets that are not there yet are not its matter', async () => {
  const encoders = [pretrained('older', 'trainval'), pretrained('newer', 'none'), pretrained('later', 'train')];
  expect(
    await lookAtTested(
      session,
      encoders.map((encoder) => detection(encoder)),
    ),
  ).toEqual([]);
});
