import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { openProposals } from '@selfsup/data/proposals';
import { chosenImages } from '@selfsup/data/subset';
import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256, sha256File, writeAtomically } from '@selfsup/kit/files';
import { meanAveragePrecision, metricsOf } from '@selfsup/kit/metric';
import { deriveKey, randomKey } from '@selfsup/kit/random';
import { stopIfAsked, type Extent, type StageContext, type StageInput, type StageResult } from '@selfsup/kit/stage';
import type { Json } from '@selfsup/models/checkpoint';
import { saveEncoder } from '@selfsup/models/encoder';
import { modelWeights } from '@selfsup/models/weights';
import { curve as curveFigure } from '@selfsup/report/figures/curve';
import type { Trainee } from '@selfsup/trainer/trainee';
import { detect, type Detecting, type Found } from '../../detection/detect.ts';
import { Detector, layerOf, type RegionBatch } from '../../detection/detector.ts';
import { detectionFigures } from '../../detection/figures.ts';
import { meanPrecision, type DetectionScores } from '../../detection/mean-precision.ts';
import { offsetScale, regionFeed, type Propose } from '../../detection/region-feed.ts';
import { regionHead } from '../../detection/region-head.ts';
import { fastRcnnSampling } from '../../detection/region-sampling.ts';
import { windowsOver } from '../../detection/windows.ts';
import { writeJsonFiles } from '../../measures/json-files.ts';
import { requireNeed } from '../../measures/require-need.ts';
import { HIDDEN } from '../../tuning/multi-label-head.ts';
import { takeFullyConnected } from '../../tuning/pretrained-layers.ts';
import { eventRecords, trainOnLabels } from '../../tuning/training-job.ts';
import { loadTrunk } from '../../tuning/trunk.ts';
import { resolve, type VocDetectionConfig } from './config.ts';

const quantities = {
  'map-11': meanAveragePrecision,
  'map-envelope': meanAveragePrecision,
  objects: { unit: 'count', better: 'neither' },
} as const;

/**
 * Runs `eval/voc-detection`. Throws `UserError` for splits without boxes, proposals of another dataset, and layers that the
 * encoder does not have; and as `trainOnLabels` does.
 */
export async function runVocDetection(context: StageContext<VocDetectionConfig>): Promise<StageResult> {
  const { config, seed, workFolder, progress, signal, extent, needs } = context;
  const { label, differences, source, settings } = resolve(config);
  for (const difference of differences) progress.note(`${label}: '${difference}' is overridden`);
  await mkdir(workFolder, { recursive: true });
  const checkpoint = requireNeed(context, 'encoder').blob('checkpoint');
  const dataset = openDataset(requireNeed(context, 'dataset').blob('lmdb'));
  const proposals = proposer(needs['proposals'], dataset, extent);
  const key = randomKey(seed, 'voc-detection', config.protocol);
  try {
    const { classes, digest } = dataset.manifest;
    const [train, test] = (['train', 'test'] as const).map((part) => {
      const indices = chosenImages(dataset, config[part], seed, part);
      requireBoxes(dataset, config[part].split, indices, part);
      return indices;
    }) as [Uint32Array, Uint32Array];
    const trunk = await loadTrunk(checkpoint, undefined, settings.batchNorm);
    const layer = config.layer ?? trunk.probePoints.at(-1)!;
    const channels = (layerOf(trunk, layer).output as tf.SymbolicTensor).shape[3]!;
    const head = regionHead(channels, {
      classes: classes.length + 1,
      units: settings.units,
      hidden: settings.hidden,
      key: deriveKey(key, 'head'),
    });
    try {
      if (config.fullyConnected === 'checkpoint') {
        const layers = HIDDEN.map((name) => [name, head.getLayer(`${name}_linear`)] as const);
        takeFullyConnected(Object.fromEntries(layers), trunk.tensors, checkpoint);
      }
      const detector = new Detector(trunk, head, { layer, frozen: config.frozen });
      const rule = { ...fastRcnnSampling, regions: settings.regions };
      const common = { dataset, propose: proposals.propose };
      const given = { ...common, split: config.train.split, indices: train, difficult: settings.difficult };
      const few = { ...given, indices: train.subarray(0, extent.images) };
      const scale = offsetScale(few, classes.length + 1, rule.least);
      const detecting = { ...common, detector, scale, split: config.test.split, scales: settings.testScales };
      let found: Found[][] = [];
      let precision: DetectionScores | undefined;
      const tested = test.subarray(0, extent.images);
      const truth = objectsIn(dataset, config.test.split, tested);
      const judge = () => meanPrecision(found, truth, classes.length);
      const trainee: Trainee<RegionBatch> = {
        weights: [...modelWeights('encoder', trunk.model), ...modelWeights('head', head)],
        parameterGroups: detector.parameterGroups,
        measures: { map11: 'max' },
        step: (batch) => detector.step(batch),
        async evaluate() {
          found = await foundIn(detecting, tested, context);
          precision = judge();
          return { map11: precision.map11 };
        },
        state: {
          save: () => ({ tensors: new Map(), json: found as unknown as Json }),
          load(_, json) {
            found = json as unknown as Found[][];
            if (found.length > 0) precision = judge();
          },
        },
      };
      const { batchSize, samplesPerEpoch, scales } = settings;
      const own = { batchSize, samplesPerEpoch, scales, rule, scale, key };
      const facts = { encoder: await sha256File(checkpoint), dataset: digest, proposals: proposals.identity };
      const tuned = join(workFolder, 'checkpoint.safetensors');
      const { curve } = await trainOnLabels(
        {
          ...{ workFolder, progress, signal, extent, name: 'detection' },
          config: settings,
          testEvery: config.testEvery ?? settings.epochs,
          identity: sha256(canonicalJson({ config, settings, seed, ...facts })),
        },
        { trainee, feed: regionFeed({ ...given, ...own, onSize: (size) => detector.prepare(size) }), key },
        ['loss', 'classification', 'boxes'],
        train.length,
        (step) => {
          const about = { task: 'voc-detection', taskConfig: undefined, epoch: settings.epochs, step, seed };
          return saveEncoder(tuned, { encoder: trunk.model, head }, { ...trunk.description, ...about });
        },
      );
      const { map11, envelope, ofClasses } = precision!;
      const shown = { dataset, split: config.test.split, indices: tested, found, truth, scores: precision! };
      const detections = join(workFolder, 'detections.json');
      const places = found.map((objects, i) => ({ image: dataset.sourcePath(config.test.split, tested[i]!), objects }));
      await writeAtomically(detections, `${JSON.stringify(places)}\n`);
      const files = await writeJsonFiles(workFolder, {
        'protocol.json': { ...settings, source, label, differences },
        'classes.json': classes.map((name, i) => ({ name, ...ofClasses[i] })),
      });
      const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
      const values = {
        ...{ 'map-11': known(map11), 'map-envelope': known(envelope) },
        objects: ofClasses.reduce((sum, { objects }) => sum + objects, 0),
      };
      return {
        blobs: { checkpoint: tuned, detections },
        files,
        records: eventRecords(workFolder),
        metrics: metricsOf({ head: 'detection', protocol: label, layer }, quantities, values),
        figures: [
          curveFigure({ train: [...curve.train], test: [...curve.test], percent: [] }),
          ...detectionFigures(`detection/${label}/${layer}`, shown),
        ],
      };
    } finally {
      trunk.model.dispose();
      head.dispose();
    }
  } finally {
    proposals.close();
    await dataset.close();
  }
}

/** Where regions come from, and what they depend on. */
function proposer(
  input: StageInput | undefined,
  dataset: Dataset,
  extent: Extent,
): { propose: Propose; identity: string; close(): void } {
  const windows: Propose = (split, index) => {
    const { height, width } = dataset.picture(split, index);
    return windowsOver(height, width);
  };
  if (input === undefined) return { propose: windows, identity: 'windows', close: () => undefined };
  const folder = input.blob('proposals');
  const proposals = openProposals(folder, dataset.manifest.digest);
  return {
    // In a dry run regions are proposed for the first few images only.
    propose: (split, index) =>
      index >= extent.images && index >= proposals.count(split) ? windows(split, index) : proposals.boxes(split, index),
    identity: basename(folder),
    close: () => proposals.close(),
  };
}

function requireBoxes(dataset: Dataset, split: string, indices: Uint32Array, part: string): void {
  if (indices.some((index) => (dataset.annotations(split, index).boxes ?? []).length > 0)) return;
  throw new UserError(`No image of ${split} has a box`, {
    field: `${part}.split`,
    remedy: "Name a dataset of detection, such as VOC's, or other images.",
  });
}

/** The objects of each class in each image. */
function objectsIn(dataset: Dataset, split: string, indices: Uint32Array) {
  return Array.from(indices, (index) => dataset.annotations(split, index).boxes ?? []);
}

/** What is found in test images, one after the other. Throws `Interrupted` between them. */
async function foundIn(
  detecting: Detecting,
  indices: Uint32Array,
  { signal, progress }: Pick<StageContext<unknown>, 'signal' | 'progress'>,
): Promise<Found[][]> {
  const all: Found[][] = [];
  const phase = progress.phase('looking for objects', indices.length, 'images');
  for (const index of indices) {
    await stopIfAsked(signal, 'Asked to stop between test images.');
    all.push(detect(detecting, index));
    phase.advance(1);
  }
  phase.done();
  return all;
}
