import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { maxMinutes } from '@selfsup/kit/numbers';
import type { Phase, Progress } from '@selfsup/kit/progress';
import { randomKey, type RandomKey } from '@selfsup/kit/random';
import { Interrupted } from '@selfsup/kit/stage';
import type { Checkpoint, Json } from '@selfsup/models/checkpoint';
import type { OptimizerConfig } from '@selfsup/models/optimizers/config';
import { learningRateAt, type Schedule } from '@selfsup/models/schedules';
import { assignVariables, variableData } from '@selfsup/models/weights';
import { announceEstimate, Clock } from './clock.ts';
import { requireFiniteWeights } from './divergence.ts';
import { MidStepReads } from './mid-step-reads.ts';
import { ParameterGroups, withoutPrefix } from './parameter-groups.ts';
import { partsIn, type Parts } from './parts.ts';
import { LiveCheckpoints } from './records/live-checkpoints.ts';
import { MetricsLog } from './records/metrics-log.ts';
import { addEvaluation, addToEpoch, epochMeans, initialState, type TrainingState } from './records/training-state.ts';
import { takeStep } from './step.ts';
import type { Feed, Trainee } from './trainee.ts';

/** Settings of the loop: a part of a stage's config. */
interface TrainingSettings {
  readonly epochs: number;
  readonly batchSize: number;
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

/** The training loop: epochs, steps, evaluations, checkpoints. Knows nothing of a trainee beyond its interface. */
export class Training<Batch> {
  readonly #parts: TrainingParts<Batch>;
  readonly #groups: ParameterGroups;
  readonly #checkpoints: LiveCheckpoints;
  readonly #name: string;
  readonly #totalSteps: number;
  readonly #clock: Clock;
  readonly #reads: MidStepReads;
  #state: TrainingState = initialState();
  #plannedIndices: Uint32Array | undefined;
  /** Losses and metrics of the newest step. */
  #newest: Readonly<Record<string, number>> = {};
  #log: MetricsLog | undefined;

  /** Throws `UserError` for a time limit in the environment that is no number. */
  constructor(parts: TrainingParts<Batch>) {
    const { config, trainee, feed, workFolder, identity } = parts;
    this.#parts = parts;
    this.#name = parts.name ?? 'Training';
    this.#groups = new ParameterGroups(config.optimizer, trainee.parameterGroups);
    this.#checkpoints = new LiveCheckpoints(join(workFolder, 'live'), config.checkpoint.keep, identity);
    this.#totalSteps = config.epochs * feed.batchesPerEpoch;
    this.#clock = new Clock(maxMinutes());
    this.#reads = new MidStepReads(this.#name, parts.progress);
  }

  get state(): Readonly<TrainingState> {
    return this.#state;
  }

  /** All measurements as JSON lines. */
  get metricsFile(): string {
    return join(this.#parts.workFolder, 'metrics.jsonl');
  }

  /** TensorBoard's files. */
  get eventFolder(): string {
    return this.#parts.eventFolder ?? join(this.#parts.workFolder, 'events');
  }

  /**
   * Trains to the end, from the newest live checkpoint where there is one. Throws `Interrupted` after saving when
   * asked to stop, `UserError` when a loss stops being finite.
   */
  async run(): Promise<void> {
    const { progress, config } = this.#parts;
    const found = await this.#checkpoints.latest(progress);
    if (found !== undefined) {
      this.restore(found);
      progress.note(`Going on from step ${this.#state.step} of ${this.#totalSteps}`);
    }
    const { step, epoch } = this.#state;
    const log = await MetricsLog.open(this.metricsFile, this.eventFolder, { step, epochsDone: epoch });
    this.#log = log;
    const phase = progress.phase(
      this.#parts.name ?? 'training',
      this.#totalSteps * config.batchSize,
      'images',
      step * config.batchSize,
    );
    try {
      while (this.#state.epoch < config.epochs) await this.#runEpoch(phase);
      phase.done();
    } finally {
      this.#log = undefined;
      log.close();
    }
  }

  /**
   * Does long work between two steps, or after the last one, of which interruptions cost no more than a part: where it
   * throws `Interrupted`, what it has kept is saved, and the same work finds it when it is begun again.
   */
  async inParts<Result>(work: (parts: Parts) => Promise<Result>): Promise<Result> {
    const result = await work(partsIn(this.#state, () => this.#saveIfDue())).catch(async (error: unknown) => {
      if (error instanceof Interrupted) await this.#stopIfAsked();
      throw error;
    });
    delete this.#state.kept;
    return result;
  }

  /** One step on a batch, with its logging left to the caller. */
  step(batch: Batch): Record<string, number> {
    const { trainee, config, key } = this.#parts;
    const { epoch, step } = this.#state;
    const learningRate = learningRateAt(config.schedule, { epoch, step, totalSteps: this.#totalSteps });
    const position = { epoch, step, key: randomKey(key[0], key[1], step) };
    const listener = this.#reads.forStep();
    const { values, samples } = takeStep(
      trainee,
      this.#groups,
      batch,
      position,
      learningRate,
      this.#diverging,
      listener,
    );
    this.#newest = values;
    addToEpoch(this.#state, values, samples);
    this.#state.step += 1;
    this.#state.batch += 1;
    return { ...values, learningRate };
  }

  /** Lets the trainee plan the epoch under way; gives the indices that it draws from, where it says. */
  async plan(): Promise<Uint32Array | undefined> {
    const { trainee } = this.#parts;
    const plan = await this.inParts(async (parts) => trainee.beforeEpoch?.(this.#state.epoch, parts));
    this.#plannedIndices = plan?.indices;
    this.#groups.reset(plan?.resetGroups ?? []);
    this.#state.planned = { ...plan?.metrics };
    return this.#plannedIndices;
  }

  /** All that going on needs: weights, moving statistics, optimiser slots, the trainee's state, position and curves. */
  snapshot(): Checkpoint {
    const { trainee } = this.#parts;
    const tensors = variableData(trainee.weights);
    for (const [name, data] of this.#groups.data()) tensors.set(name, data);
    const extra = trainee.state?.save();
    for (const [name, data] of extra?.tensors ?? []) tensors.set(`task/${name}`, data);
    if (this.#plannedIndices !== undefined) {
      tensors.set('plan/indices', {
        shape: [this.#plannedIndices.length],
        data: Int32Array.from(this.#plannedIndices),
      });
    }
    return {
      tensors,
      metadata: { state: this.#state as unknown as Json, task: extra?.json ?? null },
    };
  }

  /** Puts a snapshot back. */
  restore({ tensors, metadata }: Checkpoint): void {
    const { trainee } = this.#parts;
    assignVariables(trainee.weights, tensors);
    this.#groups.restore(tensors);
    trainee.state?.load(withoutPrefix(tensors, 'task/'), metadata['task']!);
    const indices = tensors.get('plan/indices')?.data;
    this.#plannedIndices = indices && Uint32Array.from(indices);
    this.#state = structuredClone(metadata['state']) as unknown as TrainingState;
  }

  /** Removes the live checkpoints: the outcome is kept elsewhere. */
  forget(): Promise<void> {
    return this.#checkpoints.remove();
  }

  dispose(): void {
    this.#groups.dispose();
  }

  async #runEpoch(phase: Phase): Promise<void> {
    const { feed, config, progress } = this.#parts;
    const { epoch, batch: startBatch } = this.#state;
    await this.#stopIfAsked();
    if (startBatch === 0) await this.plan();
    for await (const batch of feed.epoch(epoch, startBatch, this.#plannedIndices)) {
      this.#clock.stepBegins();
      const values = this.step(batch);
      const seconds = this.#clock.stepEnds();
      const { step } = this.#state;
      if (seconds !== undefined) announceEstimate(seconds, this.#totalSteps - step, progress);
      if (step % config.log.everySteps === 0) this.#log!.write({ kind: 'train', epoch: epoch + 1, step, ...values });
      phase.advance(config.batchSize, { epoch: epoch + 1, ...values });
      await this.#saveIfDue();
      await setImmediate(); // lets signals and worker messages in
      await this.#stopIfAsked(); // after a step, never before: each run gets on, and no batch is left untaken
    }
    await this.#endEpoch();
  }

  async #endEpoch(): Promise<void> {
    const { trainee, config, progress, feed, quiet } = this.#parts;
    const state = this.#state;
    const done = state.epoch + 1;
    const learningRate = learningRateAt(config.schedule, {
      epoch: state.epoch,
      step: state.step - 1,
      totalSteps: this.#totalSteps,
    });
    const point = { epoch: done, step: state.step, ...epochMeans(state), ...state.planned, learningRate };
    const last = done === config.epochs;
    let measured: Record<string, number> | undefined;
    if (trainee.evaluate !== undefined && (last || done % config.evaluate.everyEpochs === 0)) {
      measured = await this.inParts((parts) => trainee.evaluate!(parts));
    }
    state.train.push(point);
    this.#log!.write({ kind: 'epoch', ...point });
    if (measured !== undefined) {
      addEvaluation(state, measured, trainee.measures);
      this.#log!.write({ kind: 'test', epoch: done, step: state.step, ...measured });
    }
    const told = describe({ ...epochMeans(state), ...state.planned, ...measured });
    if (!quiet) progress.note(`Epoch ${done} of ${config.epochs}: ${told}`);
    if (state.batch !== feed.batchesPerEpoch) throw new Error(`Epoch of ${state.batch} batches.`);
    Object.assign(state, { epoch: done, batch: 0, samples: 0, sums: {}, planned: {} });
    this.#plannedIndices = undefined;
    const { everyEpochs } = config.checkpoint;
    if (everyEpochs !== undefined && (last || done % everyEpochs === 0)) await this.save();
  }

  /** Writes a live checkpoint. Throws `UserError` instead when a weight is no longer finite. */
  async save(): Promise<string> {
    const snapshot = this.snapshot();
    const { step, epoch, batch } = this.#state;
    const where = { step, epoch: batch === 0 ? epoch : epoch + 1, ...this.#diverging };
    requireFiniteWeights(snapshot.tensors, this.#newest, where);
    this.#log?.flush();
    const path = await this.#checkpoints.save(step, snapshot);
    this.#clock.saved();
    return path;
  }

  async #saveIfDue(): Promise<void> {
    if (this.#clock.saveIsDue(this.#parts.config.checkpoint.everySeconds)) await this.save();
  }

  get #diverging() {
    return { name: this.#name, lastGood: this.#checkpoints.newest };
  }

  async #stopIfAsked(): Promise<void> {
    const asked = this.#parts.signal.aborted;
    if (!asked && !this.#clock.timeIsUp) return;
    await this.save();
    const why = asked ? 'asked to stop' : `the time limit of ${this.#clock.maxMinutes} minutes is reached`;
    throw new Interrupted(
      `${this.#name} saved at step ${this.#state.step} of ${this.#totalSteps}: ${why}. The same command goes on from there.`,
    );
  }
}

function describe(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(', ');
}
