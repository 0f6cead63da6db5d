import { beforeAll, expect, test } from 'vitest';
import { userError, workplace } from '@selfsup/data/testing/workplace';
import { datasetStage } from '../declare/dataset-stage.ts';
import type { Stage } from '../declare/stage.ts';
import { publishVoc, sessionIn } from '../testing/published-voc.ts';
import { lookAtTested } from './tested-photographs.ts';

const session = sessionIn(await workplace());

beforeAll(async () => {
  await publishVoc(session, 'older', '2007', {
    trainval: { '000001': 1, '000032': 2 },
    test: { '000033': 3, '000099': 4 },
  });
  await publishVoc(session, 'newer', '2012', {
    train: { '2008_000001': 11, '2007_000033': 12 },
    val: { '2008_000007': 4 },
  });
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
