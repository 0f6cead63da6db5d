import type { Progress } from '@selfsup/kit/progress';
import type { RandomKey } from '@selfsup/kit/random';
import type { OptimizerConfig } from '@selfsup/models/optimizers/config';
import type { Schedule } from '@selfsup/models/schedules';
import type { Feed, Trainee } from './trainee.ts';

/** Settings of the loop: a part of a stage's config. */
interface TrainingSettings {
  readonly epochs: number;
  readonly batchSize: number;
  /** Parts of a batch that are computed apart, each with batch-norm statistics of its own; 1 where absent. */
  readonly replicas?: number | undefined;
  readonly optimizer: OptimizerConfig;
  readonly schedule: Schedule;
  /** How often a live checkpoint is written, and how many are kept. With `everyEpochs` one is written at the end too. */
  readonly checkpoint: { readonly everySeconds: number; readonly everyEpochs?: number; readonly keep: number };
  /** Epochs from one evaluation to the next; the last epoch is always evaluated. */
  readonly evaluate: { readonly everyEpochs: number };
  /** Steps from one line of metrics to the next. */
  readonly log: { readonly everySteps: number };
}

export interface TrainingParts<Batch> {
  readonly config: TrainingSettings;
  /** What is trained, for messages; `Training` where absent. */
  readonly name?: string | undefined;
  /** The steps' keys are functions of it. */
  readonly key: RandomKey;
  readonly trainee: Trainee<Batch>;
  readonly feed: Feed<Batch>;
  /** Live checkpoints, `metrics.jsonl` and TensorBoard's `events` lie here. */
  readonly workFolder: string;
  /** Where `events` lie in another place. */
  readonly eventFolder?: string | undefined;
  /** Digest of all that the training is a function of: what another one left in the work folder is not taken over. */
  readonly identity: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Whether to say nothing of single epochs: many a probe is trained in a second. */
  readonly quiet?: boolean;
}
