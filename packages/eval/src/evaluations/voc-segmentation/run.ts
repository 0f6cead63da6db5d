import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { chosenImages } from '@selfsup/data/subset';
import type { tf } from '@selfsup/engine/tensorflow';
import { canonicalJson, sha256, sha256File } from '@selfsup/kit/files';
import { accuracy, metricsOf } from '@selfsup/kit/metric';
import { deriveKey, randomKey } from '@selfsup/kit/random';
import { stopIfAsked, type StageContext, type StageResult } from '@selfsup/kit/stage';
import { saveEncoder } from '@selfsup/models/encoder';
import { shareWeights } from '@selfsup/models/net-surgery';
import { modelWeights } from '@selfsup/models/weights';
import { curve as curveFigure } from '@selfsup/report/figures/curve';
import type { Trainee } from '@selfsup/trainer/trainee';
import { emptyMaskRemarks } from '../../measures/empty-classes.ts';
import { writeJsonFiles } from '../../measures/json-files.ts';
import { requireNeed } from '../../measures/require-need.ts';
import { segmentationScores, type SegmentationScores } from '../../measures/segmentation.ts';
import { fullyConvolutional, leastPadding } from '../../segmentation/fcn.ts';
import { imagesByClass, segmentationFigures } from '../../segmentation/figures.ts';
import { frameFeed, framesOf, singleFrames, type Frames, type FrameSize } from '../../segmentation/frames.ts';
import {
  countPixels,
  segmentationStep,
  segmented,
  segmenterGroups,
  type Segmenter,
} from '../../segmentation/segmenter.ts';
import { HIDDEN } from '../../tuning/multi-label-head.ts';
import { takeFullyConnected } from '../../tuning/pretrained-layers.ts';
import { eventRecords, trainOnLabels } from '../../tuning/training-job.ts';
import { loadTrunk } from '../../tuning/trunk.ts';
import { resolve, type VocSegmentationConfig } from './config.ts';

/** Test images at a time; changes no result. */
const TESTED_AT_ONCE = 1;

const quantities = {
  'mean-iu': accuracy,
  'pixel-accuracy': accuracy,
  'mean-accuracy': accuracy,
  'weighted-iu': accuracy,
  positives: { unit: 'count', better: 'neither' },
} as const;

/**
 * Runs `eval/voc-segmentation`. Throws `UserError` for images without masks and networks that cannot be built for them; and as
 * `trainOnLabels` does.
 */
export async function runVocSegmentation(context: StageContext<VocSegmentationConfig>): Promise<StageResult> {
  const { config, seed, workFolder, progress, signal, extent } = context;
  const { label, differences, source, settings } = resolve(config);
  for (const difference of differences) progress.note(`${label}: '${difference}' is overridden`);
  await mkdir(workFolder, { recursive: true });
  const checkpoint = requireNeed(context, 'encoder').blob('checkpoint');
  const dataset = openDataset(requireNeed(context, 'dataset').blob('lmdb'));
  const built: Segmenter[] = [];
  const key = randomKey(seed, 'voc-segmentation', config.protocol);
  try {
    const { classes, digest, sizes } = dataset.manifest;
    const [train, test] = (['train', 'test'] as const).map((part) => chosenImages(dataset, config[part], seed, part));
    const whole = { height: sizes.height.greatest, width: sizes.width.greatest };
    const { crop } = settings;
    const size = crop === undefined ? whole : { height: crop, width: crop };
    const build = async (frame: FrameSize): Promise<Segmenter> => {
      const one = await segmenterFor(checkpoint, frame, classes.length, config, settings, deriveKey(key, 'head'));
      built.push(one);
      return one;
    };
    const segmenter = await build(size);
    if (config.fullyConnected === 'checkpoint') {
      const layers = HIDDEN.map((name) => [name, segmenter.fcn.head.getLayer(`${name}_linear`)] as const);
      takeFullyConnected(Object.fromEntries(layers), segmenter.trunk.tensors, checkpoint);
    }
    // Trained on squares, tested on whole images: the same weights in a network of another size.
    const tester = crop === undefined ? segmenter : await build(whole);
    if (tester !== segmenter) {
      shareWeights(segmenter.trunk.model, tester.trunk.model);
      shareWeights(segmenter.fcn.head, tester.fcn.head);
    }
    let counts = new Float64Array(classes.length ** 2);
    const trainee: Trainee<Frames> = {
      weights: [...modelWeights('encoder', segmenter.trunk.model), ...modelWeights('head', segmenter.fcn.head)],
      parameterGroups: segmenterGroups(segmenter, settings.fastBiases),
      measures: { meanIu: 'max' },
      step: (frames) => segmentationStep(segmenter, frames),
      // Images that do not see each other need not be in memory together.
      ...(settings.batchNorm !== 'trained' && { parts: singleFrames }),
      async evaluate() {
        counts = await testedCounts(tester, dataset, config.test.split, test!, whole, context);
        return { meanIu: 100 * segmentationScores(counts, classes.length).meanIu };
      },
      state: {
        save: () => ({ tensors: new Map(), json: [...counts] }),
        load: (_, json) => void (counts = Float64Array.from(json as number[])),
      },
    };
    const { batchSize, samplesPerEpoch, flip } = settings;
    const part = { dataset, split: config.train.split, indices: train!, batchSize, samplesPerEpoch, size, flip };
    const facts = { encoder: await sha256File(checkpoint), dataset: digest };
    const tuned = join(workFolder, 'checkpoint.safetensors');
    const { stride } = segmenter.fcn;
    const { curve } = await trainOnLabels(
      {
        ...{ workFolder, progress, signal, extent, name: 'segmentation' },
        config: settings,
        testEvery: config.testEvery ?? settings.epochs,
        identity: sha256(canonicalJson({ config, settings, seed, ...facts })),
      },
      { trainee, feed: frameFeed({ ...part, key }), key },
      ['loss'],
      train!.length,
      (step) => {
        const about = { task: 'voc-segmentation', taskConfig: undefined, epoch: settings.epochs, step, seed };
        const models: Record<string, tf.LayersModel> = { encoder: segmenter.trunk.model, head: segmenter.fcn.head };
        return saveEncoder(tuned, models, { ...segmenter.trunk.description, ...about });
      },
    );
    const scores = segmentationScores(counts, classes.length);
    const tested = test!.subarray(0, extent.images);
    const images = imagesByClass(dataset, config.test.split, tested);
    const trainedOn = imagesByClass(dataset, config.train.split, train!);
    const files = await writeJsonFiles(workFolder, {
      'protocol.json': { ...settings, stride, source, label, differences },
      'classes.json': classes.map((name, i) => ({ name, iu: finite(scores.ofClasses[i]!) ?? null, images: images[i] })),
      'confusion.json': { classes, pixels: [...counts] },
    });
    return {
      blobs: { checkpoint: tuned },
      files,
      records: eventRecords(workFolder),
      metrics: metricsOf({ head: 'segmentation', protocol: label, layer: `stride-${stride}` }, quantities, {
        ...percent(scores),
        positives: images.reduce((sum, count) => sum + count, 0),
      }),
      figures: [
        curveFigure({ train: [...curve.train], test: [...curve.test], percent: ['meanIu'] }),
        ...segmentationFigures(`segmentation/${label}/stride-${stride}`, {
          ...{ segmenter: tester, dataset, split: config.test.split, size: whole, counts, scores, images },
          indices: tested,
        }),
      ],
      remarks: emptyMaskRemarks(classes, { train: shownLabels(trainedOn), test: shownLabels(images) }),
    };
  } finally {
    for (const { trunk, fcn } of built.slice(0, 1)) {
      trunk.model.dispose();
      fcn.head.dispose();
    }
    await dataset.close();
  }
}

/** Labels that any image shows. */
const shownLabels = (images: readonly number[]): number[] => [...images.keys()].filter((label) => images[label]! > 0);

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

function percent({ meanIu, pixelAccuracy, meanAccuracy, weightedIu }: SegmentationScores) {
  const of = (share: number): number | undefined => finite(100 * share);
  return {
    'mean-iu': of(meanIu),
    'pixel-accuracy': of(pixelAccuracy),
    'mean-accuracy': of(meanAccuracy),
    'weighted-iu': of(weightedIu),
  };
}

async function segmenterFor(
  checkpoint: string,
  frame: FrameSize,
  classes: number,
  config: VocSegmentationConfig,
  settings: ReturnType<typeof resolve>['settings'],
  key: ReturnType<typeof randomKey>,
): Promise<Segmenter> {
  const { units, batchNorm } = settings;
  const own = await loadTrunk(checkpoint, undefined, batchNorm);
  const window = config.window ?? own.model.outputs[0]!.shape[1]!;
  const pad = settings.pad ?? leastPadding(own.model, window, units);
  own.model.dispose();
  const size = { height: frame.height + 2 * pad, width: frame.width + 2 * pad, field: 'needs.dataset' };
  const trunk = await loadTrunk(checkpoint, size, batchNorm);
  try {
    const { skips } = config;
    return { trunk, fcn: fullyConvolutional({ trunk: trunk.model, pad, skips, window, units, classes, key }) };
  } catch (error) {
    trunk.model.dispose();
    throw error;
  }
}

/** Pixels of the test images by true and said class. Throws `Interrupted` between images. */
async function testedCounts(
  tester: Segmenter,
  dataset: Dataset,
  split: string,
  indices: Uint32Array,
  size: FrameSize,
  { extent, signal }: Pick<StageContext<unknown>, 'signal' | 'extent'>,
): Promise<Float64Array<ArrayBuffer>> {
  const classes = dataset.manifest.classes.length;
  const counts = new Float64Array(classes ** 2);
  const few = indices.subarray(0, extent.images);
  for (let start = 0; start < few.length; start += TESTED_AT_ONCE) {
    await stopIfAsked(signal, 'Asked to stop between test images.');
    const frames = framesOf(dataset, split, few.subarray(start, start + TESTED_AT_ONCE), size);
    countPixels(counts, frames, segmented(tester, frames), classes);
  }
  return counts;
}
