import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import { chosenImages } from '@selfsup/data/subset';
import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256, sha256File } from '@selfsup/kit/files';
import { deriveKey, randomKey, type RandomKey } from '@selfsup/kit/random';
import { stopIfAsked, type StageContext, type StageResult } from '@selfsup/kit/stage';
import type { Json } from '@selfsup/models/checkpoint';
import { saveEncoder } from '@selfsup/models/encoder';
import { modelWeights } from '@selfsup/models/weights';
import type { Feed, Trainee } from '@selfsup/trainer/trainee';
import { requireNeed } from '../measures/require-need.ts';
import { HIDDEN } from '../tuning/multi-label-head.ts';
import { takeFullyConnected } from '../tuning/pretrained-layers.ts';
import { trainOnLabels } from '../tuning/training-job.ts';
import { loadTrunk, type Trunk } from '../tuning/trunk.ts';
import type { Seen } from './detect.ts';
import { detectionResult } from './detection-result.ts';
import type { DetectionConfig, DetectorTraining, ResolvedProtocol } from './detection-settings.ts';
import { layerOf } from './feature-maps.ts';
import { meanPrecision, type DetectionScores } from './mean-precision.ts';
import { regionHead } from './region-head.ts';
import { objectsOf, type LabelledImages } from './training-images.ts';

/** What a detector is built of, and trained and tested on. */
interface DetectionParts {
  readonly trunk: Trunk;
  readonly layer: string;
  /** Channels of its map. */
  readonly channels: number;
  readonly head: tf.LayersModel;
  /** The background among them. */
  readonly classes: number;
  readonly images: LabelledImages;
  readonly tested: Pick<LabelledImages, 'dataset' | 'split' | 'indices'>;
  readonly key: RandomKey;
}

/** What is trained to find objects. */
interface DetectionSystem<Batch> extends Pick<Trainee<Batch>, 'step' | 'parts' | 'parameterGroups'> {
  /** Networks beside the encoder and the head, by their names in the checkpoint. */
  readonly networks?: Readonly<Record<string, tf.LayersModel>>;
  readonly feed: Feed<Batch>;
  /** Losses that the curve shows. */
  readonly losses: readonly string[];
  /** What is found in a test image. */
  find(index: number): Seen;
  close?(): void;
}

/** An evaluation that trains a detector. */
interface Detection<Batch, Settings extends DetectorTraining> {
  /** Its name in checkpoints; what is random in it is a function of it too. */
  readonly name: string;
  readonly protocol: ResolvedProtocol<Settings>;
  /** What its results depend on beside the config, the encoder and the dataset. */
  readonly facts?: Readonly<Record<string, string>>;
  build(parts: DetectionParts): DetectionSystem<Batch>;
}

/**
 * Trains a detector on a dataset's boxes and tests it. Throws `UserError` for splits without boxes and for layers that the encoder
 * does not have; and as `build` and `trainOnLabels` do.
 */
export async function runDetection<Batch, Settings extends DetectorTraining>(
  context: StageContext<DetectionConfig>,
  detection: Detection<Batch, Settings>,
): Promise<StageResult> {
  const { workFolder, progress } = context;
  const { label, differences } = detection.protocol;
  for (const difference of differences) progress.note(`${label}: '${difference}' is overridden`);
  await mkdir(workFolder, { recursive: true });
  const checkpoint = requireNeed(context, 'encoder').blob('checkpoint');
  const dataset = openDataset(requireNeed(context, 'dataset').blob('lmdb'));
  try {
    return await trained(context, detection, { checkpoint, dataset });
  } finally {
    await dataset.close();
  }
}

async function trained<Batch, Settings extends DetectorTraining>(
  context: StageContext<DetectionConfig>,
  { name, protocol, facts, build }: Detection<Batch, Settings>,
  { checkpoint, dataset }: { checkpoint: string; dataset: Dataset },
): Promise<StageResult> {
  const { config, seed, workFolder, progress, signal, extent } = context;
  const { settings } = protocol;
  const { difficult, units, hidden } = settings;
  const key = randomKey(seed, name, config.protocol);
  const classes = dataset.manifest.classes.length + 1;
  const { split } = config.test;
  const train = chosenImages(dataset, config.train, seed, 'train');
  const images = { dataset, split: config.train.split, indices: train, difficult };
  requireObjects(images, 'train');
  const test = chosenImages(dataset, config.test, seed, 'test');
  requireObjects({ dataset, split, indices: test, difficult: true }, 'test');
  const trunk = await loadTrunk(checkpoint, undefined, settings.batchNorm);
  const networks: Record<string, tf.LayersModel> = { encoder: trunk.model };
  let system: DetectionSystem<Batch> | undefined;
  try {
    const layer = config.layer ?? trunk.probePoints.at(-1)!;
    const channels = (layerOf(trunk, layer).output as tf.SymbolicTensor).shape[3]!;
    const head = regionHead(channels, { classes, units, hidden, key: deriveKey(key, 'head') });
    networks['head'] = head;
    if (config.fullyConnected === 'checkpoint') {
      const layers = HIDDEN.map((hiddenLayer) => [hiddenLayer, head.getLayer(`${hiddenLayer}_linear`)] as const);
      takeFullyConnected(Object.fromEntries(layers), trunk.tensors, checkpoint);
    }
    const tested = test.subarray(0, extent.images);
    system = build({ trunk, layer, channels, head, classes, images, tested: { dataset, split, indices: tested }, key });
    Object.assign(networks, system.networks);
    const truth = Array.from(tested, (index) => dataset.annotations(split, index).boxes ?? []);
    let seen: Seen[] = [];
    let scores: DetectionScores | undefined;
    const judge = () =>
      (scores = meanPrecision(
        seen.map(({ objects }) => objects),
        truth,
        classes - 1,
      ));
    const { step, parts, parameterGroups, find, feed, losses } = system;
    const trainee: Trainee<Batch> = {
      weights: Object.entries(networks).flatMap(([part, model]) => modelWeights(part, model)),
      ...{ parameterGroups, measures: { map11: 'max' }, step, ...(parts && { parts }) },
      async evaluate() {
        seen = await seenIn(tested, find, context);
        return { map11: 100 * judge().map11 };
      },
      state: {
        save: () => ({ tensors: new Map(), json: seen as unknown as Json }),
        load(_, json) {
          seen = json as unknown as Seen[];
          if (seen.length > 0) judge();
        },
      },
    };
    const { digest } = dataset.manifest;
    const given = { config, settings, seed, encoder: await sha256File(checkpoint), dataset: digest, ...facts };
    const tuned = join(workFolder, 'checkpoint.safetensors');
    const { curve } = await trainOnLabels(
      {
        ...{ workFolder, progress, signal, extent, name: 'detection' },
        config: settings,
        testEvery: config.testEvery ?? settings.epochs,
        identity: sha256(canonicalJson(given)),
      },
      { trainee, feed, key },
      losses,
      train.length,
      (steps) => {
        const about = { task: name, taskConfig: undefined, epoch: settings.epochs, step: steps, seed };
        return saveEncoder(tuned, { encoder: trunk.model, ...networks }, { ...trunk.description, ...about });
      },
    );
    const shown = { dataset, split, indices: tested, seen, truth, scores: scores! };
    return await detectionResult(workFolder, { protocol, layer, curve, checkpoint: tuned }, shown);
  } finally {
    for (const model of Object.values(networks)) model.dispose();
    system?.close?.();
  }
}

function requireObjects(images: LabelledImages, part: string): void {
  if (images.indices.some((index) => objectsOf(images, index).labels.length > 0)) return;
  const hasDifficult = images.indices.some(
    (index) => objectsOf({ ...images, difficult: true }, index).labels.length > 0,
  );
  if (hasDifficult)
    throw new UserError(`No image of ${images.split} has a box that is not difficult`, {
      field: 'difficult',
      remedy: "Train on difficult objects too, or name other images by 'train'.",
    });
  throw new UserError(`No image of ${images.split} has a box`, {
    field: `${part}.split`,
    remedy: "Name a dataset of detection, such as VOC's, or other images.",
  });
}

/** What is found in test images, one after the other. Throws `Interrupted` between them. */
async function seenIn(
  indices: Uint32Array,
  find: (index: number) => Seen,
  { signal, progress }: Pick<StageContext<unknown>, 'signal' | 'progress'>,
): Promise<Seen[]> {
  const all: Seen[] = [];
  const phase = progress.phase('looking for objects', indices.length, 'images');
  for (const index of indices) {
    await stopIfAsked(signal, 'Asked to stop between test images.');
    all.push(find(index));
    phase.advance(1);
  }
  phase.done();
  return all;
}
