import { setImmediate } from 'node:timers/promises';
import type { ZodType } from 'zod';
import type { Progress } from '../progress.ts';
import type { Metric } from '../results/metric.ts';
import type { Extent } from './extent.ts';

export { dryRun, firstOf, wholeWork } from './extent.ts';
export type { Extent };

/** A published artifact that a stage needs: a dataset or the outcome of an earlier stage. */
export interface StageInput {
  /** What `needs` names: `data/cifar10` or the name of a stage of the same experiment. */
  readonly ref: string;
  /** The folder that holds `manifest.json` and the small files of that artifact. */
  readonly folder: string;
  /** Path of a blob by the name under which it was published. Throws `UserError` listing the names there are. */
  blob(name: string): string;
  /** What it measured. */
  readonly metrics: readonly Metric[];
}

/** All that a stage may look at. It must derive its results from `config`, `seed` and `needs` alone. */
export interface StageContext<Config> {
  readonly config: Config;
  readonly seed: number;
  readonly needs: Readonly<Record<string, StageInput>>;
  /** A private folder that survives interruption: live checkpoints, partial results, outputs before publishing. */
  readonly workFolder: string;
  readonly progress: Progress;
  /** Aborted on Ctrl-C or when time is up: save what resuming needs and throw `Interrupted`. */
  readonly signal: AbortSignal;
  /** How much of the work to do. */
  readonly extent: Extent;
}

/** Something that a stage found and a report shows: a curve, a confusion matrix, pictures. Plain data of its kind. */
export interface Figure<Data = unknown> {
  /** Name of the file that describes the kind, such as `confusion`: `packages/report/src/figures/kinds/confusion.ts`. */
  readonly kind: string;
  /** What the kind's schema describes; pictures in it are the bytes of PNG files. */
  readonly data: Data;
}

/** Something that readers of numbers must know: about a dataset, or about the numbers of a stage. */
export interface Remark {
  /** Such as `class-without-test-images`. */
  readonly kind: string;
  /** Sentences. */
  readonly message: string;
}

/** What a finished stage hands over to be published. Paths lie inside `workFolder`. */
export interface StageResult {
  /** Big files or folders, kept in the store by digest: checkpoints, features. */
  readonly blobs?: Readonly<Record<string, string>>;
  /** Digests of blobs that have a better name than the hash of their files, such as one of all records of a dataset. */
  readonly identities?: Readonly<Record<string, string>> | undefined;
  /** What is only true of this run, for `run.json`: part of no digest. */
  readonly facts?: Readonly<Record<string, string | number>> | undefined;
  /** Small files for people and other tools, copied beside the manifest. Name to path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files or folders with wall-clock facts, such as TensorBoard's: copied beside `run.json`, part of no digest. */
  readonly records?: Readonly<Record<string, string>>;
  readonly metrics: readonly Metric[];
  /** What reports show beside the metrics. */
  readonly figures?: readonly Figure[] | undefined;
  /** What must be known beside its metrics. Told when they are measured, and by reports beside the numbers. */
  readonly remarks?: readonly Remark[] | undefined;
}

/**
 * One kind of stage: a pretext task, an evaluation, a generator. The default export of
 * `packages/<package>/src/<room>/<name>/<name>.ts`, found by the `uses: "<package>/<name>"` of an experiment.
 */
export interface StageModule<Config = unknown> {
  /** Checks the stage's config section. Strict: unknown keys are errors. */
  readonly schema: ZodType<Config>;
  /** Roles that `needs` must name, such as `dataset` or `encoder`. */
  readonly roles: readonly string[];
  /** Roles that `needs` may name beside, such as `init`, the weights to begin with. */
  readonly optionalRoles?: readonly string[];
  /** Further roles that a config calls for. */
  rolesFor?(config: Config): readonly string[];
  /** Further parts found by name that the config chooses, such as `models/nin`; they enter the code key. */
  parts?(config: Config): readonly string[];
  /** Whether several processes may share its work whatever its config says, since it does the long part of it in turns. */
  readonly shares?: true;
  run(context: StageContext<Config>): Promise<StageResult>;
  /**
   * What a dry run does in place of `run` where less of the same would prove too little: builds everything on the real inputs,
   * does two steps, checks saving and loading, says what the whole would take.
   */
  rehearse?(context: StageContext<Config>): Promise<StageResult>;
}

/** What the file of a stage module exports. Only the default export counts as code. */
export interface StageFile {
  readonly default: StageModule;
  /** Whether its weights are learned from images even where its config says 0 epochs. */
  readonly learnsWithoutEpochs?: boolean;
  /** What images of its dataset must have, so that others are refused before what it needs is computed. */
  readonly imagesHave?: 'boxes' | 'masks';
  /** Whether its config may name layers of the encoder that are no probe points. */
  readonly takesAnyLayer?: boolean;
}

/** Thrown by a stage that stopped because it was asked to; running it again goes on from there. */
export class Interrupted extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Interrupted';
  }
}

/**
 * Between two pieces of long work: lets signals and messages in, which wait while a thread computes, and throws
 * `Interrupted` where the stage was asked to stop.
 */
export async function stopIfAsked(signal: AbortSignal | undefined, message: string): Promise<void> {
  await setImmediate();
  if (signal?.aborted === true) throw new Interrupted(message);
}
