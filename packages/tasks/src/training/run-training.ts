import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openDataset, type Dataset } from '@selfsup/data/dataset';
import type { Batch } from '@selfsup/data/loader';
import { requireImages } from '@selfsup/data/subset';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson, sha256, sha256File } from '@selfsup/kit/files';
import { randomKey } from '@selfsup/kit/random';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { saveEncoder, type Normalisation } from '@selfsup/models/encoder';
import { configureNetwork, type ConfiguredNetwork } from '@selfsup/models/network';
import { modelWeights } from '@selfsup/models/weights';
import { unkept, type Parts } from '@selfsup/trainer/parts';
import { Training } from '@selfsup/trainer/training';
import type { Task, TaskInstance } from '../task.ts';
import { DataFeed } from './data-feed.ts';
import { initialWeights, type InitialWeights } from './initial-weights.ts';
import { finalMetrics, replicaRemarks, trainingFigures, writeFiles } from './outputs.ts';
import type { TrainingConfig } from './training-config.ts';

/** A training that is built: what `trainOn` carries out. */
export interface BuiltTraining {
  /** Without epochs where nothing is trained. */
  readonly config: TrainingConfig;
  readonly instance: TaskInstance;
  readonly feed: DataFeed;
  readonly training: Training<Batch>;
  /** Path of the final checkpoint. */
  readonly checkpoint: string;
  /** Writes the final checkpoint. */
  readonly save: () => Promise<void>;
}

/** A training stage: opens the dataset and does `work` on it, which is `trainOn` or a rehearsal of that. */
export async function onDataset<Config>(
  task: Task<Config>,
  context: StageContext<TrainingConfig<Config>>,
  work: typeof trainOn,
): Promise<StageResult> {
  const dataset = openDataset(context.needs['dataset']!.blob('lmdb'));
  try {
    return await work(dataset, task, context);
  } finally {
    await dataset.close();
  }
}

/** Builds the task on a dataset that is open, trains it and writes what is published. */
export async function trainOn<Config>(
  dataset: Dataset,
  task: Task<Config>,
  context: StageContext<TrainingConfig<Config>>,
): Promise<StageResult> {
  return withTraining(dataset, task, context, async ({ config, instance, feed, training, checkpoint, save }) => {
    const trains = instance.parameterGroups.length > 0;
    if (trains) await training.run();
    await feed.close();
    const course = { state: training.state, curves: training.curves() };
    const end = async (parts: Parts) => {
      const finish = await instance.finish?.(parts);
      await training.leaveToLeader();
      await save();
      return { finish, figures: await trainingFigures(task, instance, course.curves) };
    };
    const { finish, figures } = trains ? await training.inParts(end) : await end(unkept);
    const files = await writeFiles(dirname(checkpoint), finish?.files);
    const remarks = trains ? replicaRemarks(config) : [];
    const results = { metrics: finalMetrics(task, instance.measures, course, finish), figures, remarks };
    if (!trains) return { blobs: { checkpoint }, files, ...results };
    files['metrics.jsonl'] = training.metricsFile;
    return { blobs: { checkpoint }, files, records: { events: training.eventFolder }, ...results };
  });
}

/** Builds a training on a dataset that is open, hands it to `use` and takes it down again. */
export async function withTraining<Config>(
  dataset: Dataset,
  task: Task<Config>,
  context: StageContext<TrainingConfig<Config>>,
  use: (built: BuiltTraining) => Promise<StageResult>,
): Promise<StageResult> {
  const { config, seed, workFolder, progress } = context;
  const network = await configureNetwork(config.network);
  const normalisation = normalisationFor(dataset, config);
  const feed = new DataFeed(dataset, config, seed, context.signal);
  const init = context.needs['init'];
  const begin = init && (await initialWeights(init));
  const identity = sha256(
    canonicalJson({
      ...{ task: task.name, config, seed, dataset: dataset.manifest.digest, network: network.config },
      ...(init && { init: await sha256File(init.blob('checkpoint')) }),
    }),
  );
  const instance = await createInstance(task, context, { dataset, network, normalisation, feed, identity, begin });
  const trains = instance.parameterGroups.length > 0;
  if (trains) feed.requireBatch();
  if (instance.evaluate !== undefined) requireImages(dataset, config.data.testSplit, 'data.testSplit');
  const epochs = trains ? config.epochs : 0;
  const weights = Object.entries(instance.models).flatMap(([name, model]) => modelWeights(name, model));
  const training = new Training({
    config: { ...config, epochs },
    key: randomKey(seed, 'step'),
    trainee: { ...instance, weights },
    feed,
    workFolder,
    identity,
    progress,
    signal: context.signal,
  });
  const outputs = join(workFolder, 'outputs');
  const checkpoint = join(outputs, 'checkpoint.safetensors');
  const save = (): Promise<void> =>
    saveEncoder(checkpoint, instance.models, {
      task: task.name,
      taskConfig: config.task as Record<string, unknown>,
      network: { name: network.name, config: network.config },
      normalisation,
      step: training.state.step,
      epoch: training.state.epoch,
      seed,
      batchNormStatistics: task.batchNormStatistics,
    });
  try {
    await rm(outputs, { recursive: true, force: true });
    return await use({ config: { ...config, epochs }, instance, feed, training, checkpoint, save });
  } finally {
    await feed.close();
    training.dispose();
    for (const model of Object.values(instance.models)) model.dispose();
  }
}

interface InstanceParts {
  readonly dataset: Dataset;
  readonly network: ConfiguredNetwork;
  readonly normalisation: Normalisation;
  readonly feed: DataFeed;
  readonly identity: string;
  readonly begin: InitialWeights | undefined;
}

function createInstance<Config>(
  task: Task<Config>,
  context: StageContext<TrainingConfig<Config>>,
  { dataset, network, normalisation, feed, identity, begin }: InstanceParts,
): Promise<TaskInstance> {
  const { config, seed, needs, workFolder, progress, signal, extent } = context;
  const input = feed.size;
  return task.create({
    config: config.task,
    seed,
    dataset,
    input,
    normalisation,
    epochs: config.epochs,
    trainingSplit: config.data.split,
    trainingIndices: feed.indices,
    testSplit: config.data.testSplit,
    needs,
    workFolder,
    identity,
    progress,
    signal,
    extent,
    buildEncoder: (shape = input, purpose = 'encoder') => {
      const encoder = network.build(shape, randomKey(seed, 'weights', purpose));
      if (purpose === 'encoder') begin?.(encoder);
      return encoder;
    },
    embed: network.embed,
    adversaries: network.adversaries,
    key: (...path) => randomKey(seed, 'task', ...path),
    batches: (...which) => feed.plain(...which),
    randomBatches: (batchKey, count, startBatch) => feed.random(batchKey, count, startBatch),
    trainingBatches: (...turn) => feed.plain(config.data.split, feed.indices, ...turn),
  });
}

function normalisationFor(dataset: Dataset, config: TrainingConfig): Normalisation {
  const normalisation = config.normalisation ?? dataset.manifest.statistics;
  const { channels } = dataset.manifest.image;
  for (const field of ['mean', 'std'] as const) {
    if (normalisation[field].length !== channels) {
      throw new UserError(`${normalisation[field].length} values for images of ${channels} channels`, {
        field: `normalisation.${field}`,
        remedy: `Give ${channels} values, or leave 'normalisation' out to take the dataset's own.`,
      });
    }
  }
  return { mean: normalisation.mean, std: normalisation.std };
}
