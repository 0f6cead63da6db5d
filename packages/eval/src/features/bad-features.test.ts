import { beforeAll, expect, test } from 'vitest';
import type { StageInput, StageModule } from '@selfsup/kit/stage';
import cachedLayerProbes from '../evaluations/cached-layer-probes/cached-layer-probes.ts';
import classifier from '../evaluations/classifier/classifier.ts';
import clusteringScores from '../evaluations/clustering-scores/clustering-scores.ts';
import knn from '../evaluations/knn/knn.ts';
import linearProbe from '../evaluations/linear-probe/linear-probe.ts';
import lowShot from '../evaluations/low-shot/low-shot.ts';
import retrieval from '../evaluations/retrieval/retrieval.ts';
import svm from '../evaluations/svm/svm.ts';
import { normals } from '../testing/in-memory.ts';
import { publishedFeatures } from '../testing/published-features.ts';
import { digestOf, run, shapes } from '../testing/stages.ts';

// Every evaluation of cached features refuses the same bad input by the same names.
const head = { protocol: 'small', epochs: 1, batchSize: 8 };
const evaluations: Readonly<Record<string, readonly [StageModule<never>, (layer: string) => object]>> = {
  'linear-probe': [linearProbe as StageModule<never>, (layer) => ({ ...head, layer, pooling: 'none' })],
  classifier: [classifier as StageModule<never>, (layer) => ({ ...head, layer, head: 'fc2', hidden: 4 })],
  'cached-layer-probes': [
    cachedLayerProbes as StageModule<never>,
    (layer) => ({ protocol: 'rotnet-small', layers: [layer], epochs: 1, batchSize: 8 }),
  ],
  knn: [knn as StageModule<never>, (layer) => ({ layers: [layer], k: [1] })],
  svm: [svm as StageModule<never>, (layer) => ({ layers: [layer], costs: [1], folds: 0 })],
  'low-shot': [
    lowShot as StageModule<never>,
    (layer) => ({ classifier: 'svm', layers: [layer], shots: [24], draws: 1 }),
  ],
  'low-shot, linear': [
    lowShot as StageModule<never>,
    (layer) => ({ ...head, classifier: 'linear', layers: [layer], shots: [24], draws: 1 }),
  ],
  retrieval: [retrieval as StageModule<never>, (layer) => ({ layers: [layer], k: [1], pictures: 1 })],
  'clustering-scores': [clusteringScores as StageModule<never>, (layer) => ({ layers: [layer] })],
};
const names = Object.keys(evaluations);

const shape: [number, number, number] = [2, 2, 3];
const [classes, images] = [['circle', 'square'], { train: 48, test: 40 }];
let dataset: StageInput;
let digest: string;

beforeAll(async () => {
  dataset = await shapes(16);
  digest = await digestOf(dataset);
});

/** Features of random values; `damage` alters them before they are published. */
function features(
  labels: readonly string[],
  damage: (part: 'train' | 'test', values: Float32Array) => void,
  absent?: readonly string[],
) {
  const part = (name: 'train' | 'test') => {
    const values = normals(name, images[name] * 12);
    damage(name, values);
    return { features: values, labels: Int32Array.from({ length: images[name] }, (_, i) => i % 2) };
  };
  return publishedFeatures('conv2', shape, labels, { train: part('train'), test: part('test') }, digest, absent);
}

const evaluate = (name: string, input: StageInput, layer = 'conv2') => {
  const [module, config] = evaluations[name]!;
  return run(module, `${name}-bad`, config(layer), { features: input, dataset });
};

test.each(names)('%s: a layer that was not extracted is refused, and those that were are listed', async (name) => {
  const input = features(classes, () => undefined);
  await expect(evaluate(name, input, 'conv9')).rejects.toMatchObject({
    name: 'UserError',
    message: "Layer 'conv9' was not extracted by features",
    remedy: expect.stringContaining('Use one of: conv2') as string,
  });
});

test.each(names)('%s: a class without training images is named', async (name) => {
  const input = features([...classes, 'unseen'], () => undefined);
  await expect(evaluate(name, input)).rejects.toMatchObject({
    name: 'UserError',
    message: "No training image shows class 'unseen'",
  });
});

// Each of their machines, or draws, needs images of its class.
const needsEachClass = names.filter((name) => name === 'svm' || name.startsWith('low-shot'));

test.each(needsEachClass)('%s: a class that the dataset has no training image of is refused too', async (name) => {
  const input = features([...classes, 'unseen'], () => undefined, ['unseen']);
  await expect(evaluate(name, input)).rejects.toThrow("No training image shows class 'unseen'");
});

test.each(names.filter((name) => !needsEachClass.includes(name)))(
  '%s: a class that the dataset has no images of is left out of the numbers, and said',
  async (name) => {
    const nowhere = features([...classes, 'unseen'], () => undefined, ['unseen']);
    const { metrics, remarks } = await evaluate(name, nowhere);
    const before = await evaluate(
      name,
      features(classes, () => undefined),
    );
    expect(before.remarks).toEqual([]);
    expect(metrics.map(({ value }) => Number.isFinite(value))).toEqual(metrics.map(() => true));
    const said = [
      '1 of 3 classes, unseen, was tested on no image: the number says nothing of it.',
      '1 of 3 classes, unseen, has no training image: no image of it can be recognised.',
    ];
    // Clusters learn nothing of classes.
    expect(remarks!.map(({ message }) => message)).toEqual(name === 'clustering-scores' ? said.slice(0, 1) : said);
    if (name === 'knn' || name === 'retrieval') expect(metrics).toEqual(before.metrics);
  },
);

const parts = names.flatMap((name) =>
  (['train', 'test'] as const)
    .filter((part) => part === 'train' || name !== 'clustering-scores')
    .map((part) => [name, part] as const),
);
test.each(parts)('%s: NaN in the %s features is refused with layer, part and image', async (name, damaged) => {
  const input = features(classes, (part, values) => {
    if (part === damaged) values[12 * 17 + 5] = NaN;
  });
  await expect(evaluate(name, input)).rejects.toMatchObject({
    name: 'UserError',
    message: `Features hold NaN or infinity: conv2 of the ${damaged} images, image 17`,
  });
});
