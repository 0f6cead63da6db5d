import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { chosenImages } from '@selfsup/data/subset';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256, sha256File } from '@selfsup/kit/files';
import { meanAveragePrecision, metricsOf } from '@selfsup/kit/metric';
import { deriveKey, randomKey } from '@selfsup/kit/random';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { saveEncoder } from '@selfsup/models/encoder';
import { featureShapeOf } from '@selfsup/models/heads';
import { balanceLayers } from '@selfsup/models/net-surgery';
import { classScores } from '@selfsup/report/figures/class-scores';
import { curve as curveFigure } from '@selfsup/report/figures/curve';
import { precisionRecall } from '@selfsup/report/figures/precision-recall';
import { drawnPoints } from '../../measures/average-precision.ts';
import { emptyClassRemarks } from '../../measures/empty-classes.ts';
import { writeJsonFiles } from '../../measures/json-files.ts';
import { classesShown, positivesByClass, presenceIn } from '../../measures/presence.ts';
import { requireNeed } from '../../measures/require-need.ts';
import { fullyConnectedHead, HIDDEN } from '../../tuning/multi-label-head.ts';
import { tuneMultiLabel, type LabelledImages } from '../../tuning/multi-label.ts';
import { takeFullyConnected } from '../../tuning/pretrained-layers.ts';
import { eventRecords } from '../../tuning/training-job.ts';
import { loadTrunk } from '../../tuning/trunk.ts';
import { resolve, type VocClassificationConfig } from './config.ts';
import { fixedSettings } from './protocols.ts';

const quantities = {
  map: meanAveragePrecision,
  'map-11': meanAveragePrecision,
  'map-envelope': meanAveragePrecision,
  positives: { unit: 'count', better: 'neither' },
} as const;

/**
 * Runs `eval/voc-classification`. Throws `UserError` for an encoder that cannot be built at the side asked for, images that
 * say nothing of classes, and parts of the dataset that show no class at all; and as `tuneMultiLabel` does.
 */
export async function runVocClassification(context: StageContext<VocClassificationConfig>): Promise<StageResult> {
  const { config, seed, workFolder, progress, signal, extent } = context;
  const { label, differences, source, settings } = resolve(config);
  const { augment, ...fixed } = fixedSettings[config.protocol];
  for (const difference of differences) progress.note(`${label}: '${difference}' is overridden`);
  await mkdir(workFolder, { recursive: true });
  const checkpoint = requireNeed(context, 'encoder').blob('checkpoint');
  const dataset = openDataset(requireNeed(context, 'dataset').blob('lmdb'));
  const key = randomKey(seed, 'voc-classification', config.protocol, config.trained);
  try {
    const { classes, digest } = dataset.manifest;
    const [train, test] = (['train', 'test'] as const).map((part) => imagesOf(dataset, context, part));
    const { side } = config;
    const size = side === undefined ? undefined : { height: side, width: side, field: 'side' };
    const trunk = await loadTrunk(checkpoint, size, settings.batchNorm);
    const head = fullyConnectedHead({
      ...{ ...fixed, units: settings.units, classes: classes.length, key: deriveKey(key, 'head') },
      shape: featureShapeOf(trunk.model),
    });
    try {
      if (config.fullyConnected === 'checkpoint') {
        const layers = HIDDEN.map((name) => [name, head.getLayer(`${name}_linear`)] as const);
        takeFullyConnected(Object.fromEntries(layers), trunk.tensors, checkpoint);
      }
      const facts = { encoder: await sha256File(checkpoint), dataset: digest };
      const tuned = join(workFolder, 'checkpoint.safetensors');
      const what = `voc-${config.trained}`;
      const { scores, curve } = await tuneMultiLabel({
        ...{ workFolder, progress, signal, extent, dataset, key, train: train!, test: test!, name: what },
        ...{ crops: config.crops, clipNorm: settings.clipNorm, biases: settings.biases, workers: config.workers },
        config: settings,
        testEvery: config.testEvery ?? settings.epochs,
        identity: sha256(canonicalJson({ config, settings, seed, ...facts })),
        network: { trunk, head, trained: config.trained },
        augment: augment(trunk.input.height),
        prepare: settings.balance
          ? (images) => {
              const { before, after } = balanceLayers([trunk.model, head], images, deriveKey(key, 'balance'));
              const times = [after, before].map((value) => value.toPrecision(3));
              progress.note(`Layers balanced: their rates of change differ ${times[0]} times, ${times[1]} before`);
            }
          : undefined,
        finished: (step) => {
          const about = { task: 'voc-classification', taskConfig: undefined, epoch: settings.epochs, step, seed };
          return saveEncoder(tuned, { encoder: trunk.model, head }, { ...trunk.description, ...about });
        },
      });
      const tested = test!.presence.subarray(0, scores.images * classes.length) as Int32Array;
      const positives = positivesByClass(tested, classes.length);
      const training = positivesByClass(train!.presence, classes.length);
      const files = await writeJsonFiles(workFolder, {
        'protocol.json': { ...settings, ...fixed, source, label, differences },
        'classes.json': classes.map((name, i) => ({
          ...{ name, averagePrecision: scores.ofClasses[i], positives: positives[i], training: training[i] },
        })),
      });
      // In a dry run the few images that were tested may show nothing.
      const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
      const percent = (share: number | null): number | null => (share === null ? null : 100 * share);
      const values = {
        map: known(scores.map),
        'map-11': known(scores.elevenPoints),
        'map-envelope': known(scores.envelope),
        positives: positives.reduce((sum, count) => sum + count, 0),
      };
      return {
        blobs: { checkpoint: tuned },
        files,
        records: eventRecords(workFolder),
        metrics: metricsOf({ head: what, protocol: label }, quantities, values),
        figures: [
          curveFigure({ train: [...curve.train], test: [...curve.test], percent: ['map'] }),
          precisionRecall({
            title: `${what}/${label}`,
            classes: classes.map((name, i) => ({
              ...{ name, positives: positives[i]!, ap: percent(scores.ofClasses[i]!) },
              points: drawnPoints(scores.curves[i]!),
            })),
          }),
          classScores({
            ...{ title: `${what}/${label}`, measure: 'AP', counted: 'images' },
            classes: classes.map((name, i) => ({ name, score: percent(scores.ofClasses[i]!), count: positives[i]! })),
          }),
        ],
        remarks: emptyClassRemarks(classes, {
          train: classesShown(train!.presence, classes.length),
          test: classesShown(tested, classes.length),
        }),
      };
    } finally {
      trunk.model.dispose();
      head.dispose();
    }
  } finally {
    await dataset.close();
  }
}

function imagesOf(
  dataset: Dataset,
  { config, seed }: StageContext<VocClassificationConfig>,
  part: 'train' | 'test',
): LabelledImages {
  const { split } = config[part];
  const indices = chosenImages(dataset, config[part], seed, part);
  const presence = presenceIn(dataset, split, indices);
  if (!presence.includes(1))
    throw new UserError(
      `Every object in the chosen images of '${split}' is difficult, or they show none: there is no class to learn or to test`,
      {
        field: `${part}.split`,
        remedy: 'Choose another split or subset.',
      },
    );
  return { split, indices, presence };
}
