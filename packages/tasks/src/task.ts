import type { ZodType } from 'zod';
import type { Dataset } from '@selfsup/data/dataset';
import type { Batch } from '@selfsup/data/loader';
import type { tf } from '@selfsup/engine/tensorflow';
import type { Quantity } from '@selfsup/kit/metric';
import type { Progress } from '@selfsup/kit/progress';
import type { RandomKey } from '@selfsup/kit/random';
import type { Extent, StageInput } from '@selfsup/kit/stage';
import type { Adversaries } from '@selfsup/models/adversaries';
import type { Normalisation } from '@selfsup/models/encoder';
import type { Embed, ImageShape } from '@selfsup/models/network';
import type { Picture } from '@selfsup/report/figures/pictures';
import type { Parts } from '@selfsup/trainer/parts';
import type { Trainee } from '@selfsup/trainer/trainee';

/**
 * A way to train an encoder: a pretext task, or supervised training. `trainingStage(task)` makes a stage of it.
 * The module that exports a task must not load TensorFlow: `create` imports what does.
 */
export interface Task<Config = unknown> {
  /** Name of its folder, such as `rotnet`. */
  readonly name: string;
  /** Checks the `task` section of the stage's config. Strict: unknown keys are errors. */
  readonly schema: ZodType<Config>;
  /** First part of its metrics' names: `pretext` gives `pretext/loss`. */
  readonly metricGroup: string;
  /** Units and better directions of what it measures, by name; a loss is of no unit and better when less. */
  readonly quantities: Readonly<Record<string, Quantity>>;
  /**
   * Whether branches folded into the batch axis (rotations, tiles, x and t(x)) share one set of batch-norm
   * statistics. Part of what a checkpoint says about itself.
   */
  readonly batchNormStatistics: 'joint' | 'per-branch';
  /** Roles that `needs` must name beside `dataset`, such as a generator made by an earlier stage. */
  readonly roles?: readonly string[];
  /** Further roles that a config calls for, such as the generator of AET's generated transformations. */
  rolesFor?(config: Config): readonly string[];
  /** Further parts that its section chooses by name, such as `models/bigan-conv`; they enter the code key. */
  parts?(config: Config): readonly string[];
  create(context: TaskContext<Config>): Promise<TaskInstance>;
}

/** What a task may build on. */
export interface TaskContext<Config = unknown> {
  readonly config: Config;
  readonly seed: number;
  readonly dataset: Dataset;
  /** Size of the dataset's images. */
  readonly input: ImageShape;
  readonly normalisation: Normalisation;
  /** Split whose images are trained on, and which of them: indices into the split, in its order. */
  readonly trainingSplit: string;
  readonly trainingIndices: Uint32Array;
  /** Split on which to evaluate. */
  readonly testSplit: string;
  /** Length of the training; 0 where there is none. */
  readonly epochs: number;
  readonly needs: Readonly<Record<string, StageInput>>;
  /** A private folder that survives interruption. */
  readonly workFolder: string;
  /** Digest of everything the training depends on: work of another identity in the work folder is not resumed. */
  readonly identity: string;
  readonly progress: Progress;
  /** Asked to stop: throw `Interrupted` in long work between steps, after what is done lies in the work folder. */
  readonly signal: AbortSignal;
  /** How much to do before an epoch. */
  readonly extent: Extent;
  /**
   * Builds the configured network with weights that are a function of the seed and `purpose`; the one called `encoder`, which
   * is the default, has those of the stage that fills the role `init`, where there is one.
   */
  buildEncoder(input?: ImageShape, purpose?: string): tf.LayersModel;
  /** The configured network's way from its last feature map to a vector; see `classifier` and `embeddingModel`. */
  readonly embed?: Embed | undefined;
  /** The generator and discriminator that go with the configured network, where it has them. */
  readonly adversaries?: Adversaries | undefined;
  /** A key for a purpose of the task, a function of the seed and the path. */
  key(...path: readonly (number | string)[]): RandomKey;
  /**
   * All images of a split, or those of the indices, un-augmented, in the order of the dataset or the indices, from a batch
   * on, or every so many; the last batch may be smaller.
   */
  batches(split: string, indices?: Uint32Array, from?: number, every?: number): AsyncIterable<Batch>;
  /** `count` batches as in training from `startBatch` on, in an order and with an augmentation that are functions of `key`. */
  randomBatches(key: RandomKey, count: number, startBatch?: number): AsyncIterable<Batch>;
  /** The training images without augmentation, in the order of `trainingIndices`, from a batch on, or every so many. */
  trainingBatches(from?: number, every?: number): AsyncIterable<Batch>;
}

/** What a task publishes of a finished training beside its models and pictures. */
export interface TaskFinish {
  /** By name; the task's group is put before it. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** What these were measured on, where it is not the finished training alone: stands between group and name. */
  readonly protocol?: string;
  /** Small files of the stage by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** A task built for one training: what the loop trains, with what a stage publishes of it. */
export interface TaskInstance extends Omit<Trainee<Batch>, 'weights'> {
  /** All networks by name; one is `encoder`. Their weights are what checkpoints hold. */
  readonly models: Readonly<Record<string, tf.LayersModel>>;
  /**
   * Called once, when all epochs are done, before the models are written and before `preview`. Interrupted in one of these,
   * again, with what it kept in `parts`.
   */
  finish?(parts: Parts): Promise<TaskFinish>;
  /** Pictures for the report. */
  preview?(): Promise<Picture[]>;
}
