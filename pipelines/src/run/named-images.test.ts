import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeTree } from '@selfsup/data/testing/archives';
import { userError, workplace } from '@selfsup/data/testing/workplace';
import { datasetStage } from '../declare/dataset-stage.ts';
import type { Stage } from '../declare/stage.ts';
import { publishVoc, sessionIn } from '../testing/published-voc.ts';
import { requireNamedImages } from './named-images.ts';

const root = await workplace();
const session = sessionIn(root);

beforeAll(async () => {
  await publishVoc(session, 'cats', '2007', { train: { '000001': 1 }, test: { '000002': 2 } });
  const part = (has?: string): Buffer => Buffer.from(has === undefined ? '' : `export const imagesHave = '${has}';`);
  await writeTree(join(root, 'packages/eval'), {
    'package.json': Buffer.from('{ "type": "module", "exports": { "./parts/*": "./src/parts/*/*.ts" } }'),
    'src/parts/probe/probe.ts': part(),
    'src/parts/detector/detector.ts': part('boxes'),
    'src/parts/segmenter/segmenter.ts': part('masks'),
  });
});

const stage = (config: object, uses = 'eval/probe', dataset = 'cats') =>
  ({
    ...{ name: 'measure', label: 'toy: measure', uses, needs: { dataset: datasetStage(session, dataset) } },
    prepare: () => Promise.resolve({ config }),
  }) as unknown as Stage;

test('splits that the dataset has not are refused by the field that names them', async () => {
  const both = { train: { split: 'train' }, test: { split: 'test' } };
  await requireNamedImages(session, [stage(both), stage({}), stage({ data: { split: 'train' } })]);
  const said = await userError(requireNamedImages(session, [stage(both), stage({ ...both, test: { split: 'tset' } })]));
  expect(said).toContain("Dataset cats has no images in a split 'tset'");
  expect(said).toContain('stages.measure.config.test.split');
  expect(said).toContain('Use one of: test, train.');
  await expect(requireNamedImages(session, [stage({ data: { split: 'trian' } })])).rejects.toThrow("'trian'");
});

test.each([
  [{ count: 2 }, 'count', '2 images of a split of 1'],
  [{ first: 5 }, 'first', 'The first 5 images of a split of 1'],
  [{ list: [0, 1] }, 'list', 'Image 1 of a split of 1'],
])('a part of a split that does not hold as many images, %j, is refused by its field', async (subset, key, says) => {
  const most = { train: { split: 'train', subset: { count: 1 } }, test: { split: 'test', subset: { fraction: 0.1 } } };
  await requireNamedImages(session, [stage(most)]);
  const said = await userError(requireNamedImages(session, [stage({ ...most, train: { split: 'train', subset } })]));
  expect(said).toContain(says);
  expect(said).toContain(`stages.measure.config.train.subset.${key}`);
});

test('images without the boxes or masks that a part asks for are refused', async () => {
  const config = { train: { split: 'train' } };
  await requireNamedImages(session, [stage(config, 'eval/detector')]);
  const said = await userError(requireNamedImages(session, [stage(config, 'eval/segmenter')]));
  expect(said).toContain('No image of cats (train) has masks, which measure needs');
  expect(said).toContain('stages.measure.needs.dataset');
  expect(said).toContain('"task": "segmentation"');
});

test('a dataset that is not there yet is not its matter', async () => {
  await requireNamedImages(session, [stage({ train: { split: 'none' } }, 'eval/segmenter', 'later')]);
});
