import type { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import type { Json, TensorData } from '@selfsup/models/checkpoint';
import type { OptimizerConfig } from '@selfsup/models/optimizers/config';
import type { NamedVariable } from '@selfsup/models/weights';
import type { Parts } from './parts.ts';

/**
 * What the training loop trains: a pretext task, a head on features, a fine-tuned network. The loop knows of it what stands
 * here and nothing of its batches, which come from a `Feed` of the same kind.
 */
export interface Trainee<Batch> {
  /** All that training changes, moving statistics of batch norm included: what a live checkpoint holds. */
  readonly weights: readonly NamedVariable[];
  /** Empty where nothing is trained. */
  readonly parameterGroups: readonly ParameterGroup[];
  /**
   * Forward and backward pass over one batch, in training mode. Must not update weights itself, moving statistics of batch
   * norm aside. Tensors made here are disposed of by the loop, those of the batch by the step.
   */
  step(batch: Batch, context: StepContext): StepOutcome;
  /**
   * Parts of a batch that `step` takes one after another, their gradients averaged by their samples before the optimisers' one
   * update: a step then needs no more memory than a part. All at once where absent.
   */
  parts?(batch: Batch): readonly Batch[];
  /** Acts after the optimisers' update, such as a teacher that follows as a moving average; the teacher is in `weights`. */
  afterStep?(context: StepContext): void;
  /**
   * Acts before an epoch's first step (DeepCluster assigns clusters). Not called again when resuming inside an epoch, but
   * when resuming before its first step, then with the state that it left. May throw `Interrupted`; what it kept in `parts`
   * is there when it goes on.
   */
  beforeEpoch?(epoch: number, parts: Parts): Promise<EpochPlan>;
  /** Names and better direction of what `evaluate` gives. */
  readonly measures: Readonly<Record<string, 'max' | 'min'>>;
  /**
   * Measures on test data, batch norm in inference mode. Must change nothing that training reads; it may estimate moving
   * statistics of batch norm anew. May throw `Interrupted`: going on then begins with it, and with what it kept in `parts`.
   */
  evaluate?(parts: Parts): Promise<Record<string, number>>;
  readonly state?: TraineeState;
}

/** Variables that one optimiser updates. Most trainees have one group; BiGAN has three. */
export interface ParameterGroup {
  readonly name: string;
  readonly variables: readonly NamedVariable[];
  /** Variables that do not decay, in addition to those that the config excludes. */
  readonly exemptFromDecay?: (name: string) => boolean;
  /** Replaces fields of the config's optimiser for this group; with another name, all but the decay. */
  readonly optimizer?: Partial<OptimizerConfig>;
  /** What the schedule's learning rate is multiplied by for this group; 1 where absent. */
  readonly rate?: number;
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

/** What one step gives. The loop disposes of the tensors. */
export interface StepOutcome {
  /** Terms that are watched for NaN and logged; a trainee with one loss names it `loss`. Means over the samples. */
  readonly losses: Readonly<Record<string, tf.Scalar>>;
  /** Gradients of all groups' variables by name: one map, so that it can be summed or sent as one buffer. */
  readonly gradients: tf.NamedTensorMap;
  /** Further scalars to log. */
  readonly metrics?: Readonly<Record<string, tf.Scalar>>;
  /** Samples over which losses and gradients are means: their weight when steps are added up or averaged. */
  readonly samples: number;
}

/** What a trainee decides before an epoch. */
interface EpochPlan {
  /** Indices to draw from in this epoch, in place of the feed's own. */
  readonly indices?: Uint32Array;
  /** Groups whose optimiser forgets its state, such as that of a fresh head. */
  readonly resetGroups?: readonly string[];
  /** Measured while planning: joins the epoch's point of the training curve. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** State of a trainee outside its weights, saved with every live checkpoint. */
export interface TraineeState {
  save(): { readonly tensors: ReadonlyMap<string, TensorData>; readonly json: Json };
  load(tensors: ReadonlyMap<string, TensorData>, json: Json): void;
}

/** Where the batches of a training come from: all a function of the position. */
export interface Feed<Batch> {
  readonly batchesPerEpoch: number;
  /**
   * The batches of an epoch from `startBatch` on, drawn from the indices where they are given; where several processes share the
   * batches, this one's share of each, in the order of the ranks. Leaving it early is safe.
   */
  epoch(epoch: number, startBatch: number, indices: Uint32Array | undefined): AsyncIterable<Batch>;
  /** A batch, or a share of one, cut into so many equal parts one after another. Needed for more than one replica. */
  cut?(batch: Batch, parts: number): readonly Batch[];
}
