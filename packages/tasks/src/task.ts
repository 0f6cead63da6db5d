import type { Batch } from '@selfsup/data/loader';
import type { Dataset } from '@selfsup/data/dataset';
import type { Progress } from '@selfsup/engine/progress';
import type { RandomKey } from '@selfsup/engine/random';
import type { StageInput } from '@selfsup/engine/stage';
import type { tf } from '@selfsup/engine/tensorflow';
import type { Json, TensorData } from '@selfsup/models/checkpoint';
import type { Normalisation } from '@selfsup/models/encoder';
import type { Adversaries } from '@selfsup/models/adversaries';
import type { Embed, ImageShape } from '@selfsup/models/network';
import type { OptimizerConfig } from '@selfsup/models/optimizers/config';
import type { NamedVariable } from '@selfsup/models/weights';
import type { ZodType } from 'zod';

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
  /** Digest of all that the training is a function of: tells what an earlier run left in the work folder from another's. */
  readonly identity: string;
  readonly progress: Progress;
  /** Asked to stop: throw `Interrupted` in long work between steps, after what is done lies in the work folder. */
  readonly signal: AbortSignal;
  /** Whether only to prove that the training works: two steps follow one `beforeEpoch`, which may take few images. */
  readonly dryRun: boolean;
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
   * All images of a split, or those of the indices, un-augmented, in the order of the dataset or the indices; the last
   * batch may be smaller.
   */
  batches(split: string, indices?: Uint32Array): AsyncIterable<Batch>;
  /** `count` batches as in training, but in an order and with an augmentation that are functions of `key`. */
  randomBatches(key: RandomKey, count: number): AsyncIterable<Batch>;
  /** The training images without augmentation, in the order of `trainingIndices`, from batch `startBatch` on. */
  trainingBatches(startBatch?: number): AsyncIterable<Batch>;
}

/** Variables that one optimiser updates. Most tasks have one player; BiGAN has three. */
export interface Player {
  readonly name: string;
  readonly variables: readonly NamedVariable[];
  /** Variables that do not decay, in addition to those that the config excludes. */
  readonly exemptFromDecay?: (name: string) => boolean;
  /** Replaces fields of the config's optimiser for this player; with another name, all but the decay. */
  readonly optimizer?: Partial<OptimizerConfig>;
}

/** What a step may depend on beside its batch: so equal positions give equal steps. */
export interface StepContext {
  /** Counted from 0. */
  readonly epoch: number;
  /** Counted from 0 over the whole training. */
  readonly step: number;
  /** Key of this step: derive one for each purpose from it. */
  readonly key: RandomKey;
}

/** What one step gives. The trainer disposes the tensors. */
export interface StepOutcome {
  /** Terms that are watched for NaN and logged; a task with one loss names it `loss`. Means over the samples. */
  readonly losses: Readonly<Record<string, tf.Scalar>>;
  /** Gradients of all players' variables by name: one map, so that it can be summed or sent as one buffer. */
  readonly gradients: tf.NamedTensorMap;
  /** Further scalars to log. */
  readonly metrics?: Readonly<Record<string, tf.Scalar>>;
  /** Samples over which losses and gradients are means: their weight when steps are added up or averaged. */
  readonly samples: number;
}

/** What a task decides before an epoch. */
export interface EpochPlan {
  /** Dataset indices to draw from in this epoch, in place of the training subset. Repeated ones are augmented apart. */
  readonly indices?: Uint32Array;
  /** Players whose optimiser forgets its state, such as that of a fresh head. */
  readonly resetPlayers?: readonly string[];
  /** Measured while planning: joins the epoch's point of the training curve. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What a task publishes of a finished training beside its models and pictures. */
export interface TaskFinish {
  /** By name; the task's group is put before it. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Small files of the stage by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** State of a task outside its models, saved with every live checkpoint. */
export interface TaskState {
  save(): { readonly tensors: ReadonlyMap<string, TensorData>; readonly json: Json };
  load(tensors: ReadonlyMap<string, TensorData>, json: Json): void;
}

/** A picture for the report. */
export interface PreviewPicture {
  readonly png: Uint8Array;
  readonly caption: string;
  readonly alt?: string;
  /** Short facts under the picture; `actual` beside `predicted` is marked as right or wrong. */
  readonly facts?: Readonly<Record<string, string | number>>;
  /** Pictures of one group stand together under its name. */
  readonly group?: string;
}

/** A task built for one training. */
export interface TaskInstance {
  /** All networks by name; one is `encoder`. Their weights are what checkpoints hold. */
  readonly models: Readonly<Record<string, tf.LayersModel>>;
  /** Empty for a task that does not train. */
  readonly players: readonly Player[];
  /** Forward and backward pass over one batch, in training mode. Must not update weights itself. */
  step(batch: Batch, context: StepContext): StepOutcome;
  /**
   * Acts before an epoch's first step (DeepCluster assigns clusters). Not called again when resuming inside an epoch, but
   * when resuming before its first step, then with the state that it left.
   */
  beforeEpoch?(epoch: number): Promise<EpochPlan>;
  /** Names and better direction of what `evaluate` gives; both final and best are published. */
  readonly measures: Readonly<Record<string, 'max' | 'min'>>;
  /**
   * Measures on test images, un-augmented, batch norm in inference mode. Must change nothing that training reads; it may
   * estimate moving statistics of batch norm anew.
   */
  evaluate?(): Promise<Record<string, number>>;
  /** Called once, when all epochs are done, before the models are written and before `preview`. Interrupted, again. */
  finish?(): Promise<TaskFinish>;
  preview?(): Promise<PreviewPicture[]>;
  readonly state?: TaskState;
}
