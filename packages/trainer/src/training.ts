import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { cluster } from '@selfsup/engine/cluster';
import { maxMinutes } from '@selfsup/kit/numbers';
import type { Phase } from '@selfsup/kit/progress';
import { randomKey } from '@selfsup/kit/random';
import { Interrupted } from '@selfsup/kit/stage';
import type { Checkpoint } from '@selfsup/models/checkpoint';
import { learningRateAt } from '@selfsup/models/schedules';
import { announceEstimate, Clock } from './clock.ts';
import { requireFiniteLosses, requireFiniteWeights } from './divergence.ts';
import { MidStepReads } from './mid-step-reads.ts';
import { ParameterGroups } from './parameter-groups.ts';
import { partsIn, type Parts } from './parts.ts';
import type { Curves } from './records/curve.ts';
import { LiveCheckpoints } from './records/live-checkpoints.ts';
import { MetricsLog } from './records/metrics-log.ts';
import { putSnapshot, snapshotForm, takeSnapshot } from './records/snapshot.ts';
import { addEpoch, initialStanding } from './records/standing.ts';
import { addToEpoch, describe, epochMeans, type TrainingState } from './records/training-state.ts';
import { beginning, follow } from './replicas/follow.ts';
import { checkReplicas, takeReplicatedStep } from './replicas/replicated-step.ts';
import { takeStep, type StepValues } from './step.ts';
import type { StepContext } from './trainee.ts';
import type { TrainingParts } from './training-parts.ts';

/** The training loop: epochs, steps, evaluations, checkpoints. Knows nothing of a trainee beyond its interface. */
export class Training<Batch> {
  readonly #parts: TrainingParts<Batch>;
  readonly #groups: ParameterGroups;
  readonly #checkpoints: LiveCheckpoints;
  readonly #name: string;
  readonly #totalSteps: number;
  readonly #clock: Clock;
  readonly #reads: MidStepReads;
  #standing = initialStanding();
  /** Losses and metrics of the newest step. */
  #newest: Readonly<Record<string, number>> = {};
  /** The processes that share the steps, and whether one of them was asked to stop before the newest. */
  readonly #cluster = cluster();
  stops = false;
  #log: MetricsLog | undefined;

  /** Throws `UserError` for a time limit in the environment that is no number, and as `checkReplicas`. */
  constructor(parts: TrainingParts<Batch>) {
    const { config, trainee, feed, workFolder } = parts;
    const identity = `${parts.identity}, form ${snapshotForm}`;
    this.#parts = { ...parts, identity };
    this.#name = parts.name ?? 'Training';
    checkReplicas(config.replicas ?? 1, config.batchSize);
    this.#groups = new ParameterGroups(config.optimizer, trainee.parameterGroups);
    this.#checkpoints = new LiveCheckpoints(join(workFolder, 'live'), config.checkpoint.keep, identity);
    this.#totalSteps = config.epochs * feed.batchesPerEpoch;
    this.#clock = new Clock(maxMinutes());
    this.#reads = new MidStepReads(this.#name, parts.progress);
  }

  get state(): Readonly<TrainingState> {
    return this.#state;
  }

  get #state(): TrainingState {
    return this.#standing.state;
  }

  /** What the plan of the epoch under way draws from, where it says. */
  get plannedIndices(): Uint32Array | undefined {
    return this.#standing.indices;
  }

  /** What was measured over each epoch and after it, read from its text. */
  curves(): Curves {
    return { train: this.#standing.train.points(), test: this.#standing.test.points() };
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
   * asked to stop, `UserError` when a loss stops being finite, `ProcessLost` when another process is gone. Of several
   * processes only the first does all of it; see `follow`.
   */
  async run(): Promise<void> {
    const { progress, config } = this.#parts;
    if (this.#follows) {
      return follow(this.#cluster!, this, { ...this.#parts, name: this.#name });
    }
    const found = await this.#checkpoints.latest(progress);
    if (found !== undefined) {
      this.restore(found);
      progress.note(`Going on from step ${this.#state.step} of ${this.#totalSteps}`);
    }
    const begins = beginning(this.#name, this.#parts.identity);
    await this.#cluster?.ask({ begins, checkpoint: this.#checkpoints.newest ?? null });
    const { step, epoch } = this.#state;
    const log = await MetricsLog.open(this.metricsFile, this.eventFolder, { step, epochsDone: epoch });
    this.#log = log;
    const { batchSize } = config;
    const total = this.#totalSteps * batchSize;
    const phase = progress.phase(this.#parts.name ?? 'training', total, 'images', step * batchSize);
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
      // Another process may have been asked. Only the first saves.
      const isAsked = this.#isAsked || this.#cluster !== undefined;
      if (error instanceof Interrupted && isAsked && !this.#follows) await this.#stop();
      throw error;
    });
    delete this.#state.kept;
    return result;
  }

  /** One step on a batch, with its logging left to the caller. */
  step(batch: Batch): Record<string, number> {
    const { config, key } = this.#parts;
    const { epoch, step } = this.#state;
    const learningRate = learningRateAt(config.schedule, { epoch, step, totalSteps: this.#totalSteps });
    const position = { epoch, step, key: randomKey(key[0], key[1], step) };
    const { values, samples } = this.#take(batch, position, learningRate);
    this.#newest = values;
    addToEpoch(this.#state, values, samples);
    this.#state.step += 1;
    this.#state.batch += 1;
    return { ...values, learningRate };
  }

  #take(batch: Batch, position: StepContext, learningRate: number): StepValues {
    const { trainee, config, feed } = this.#parts;
    const { replicas = 1 } = config;
    const listener = this.#reads.forStep();
    if (replicas === 1) {
      return takeStep(trainee, this.#groups, batch, position, learningRate, this.#diverging, listener);
    }
    if (feed.cut === undefined) throw new Error('The batches of this training cannot be cut into parts.');
    const parts = feed.cut(batch, replicas / (this.#cluster?.size ?? 1));
    const given = { replicas, parts, stop: this.#isAsked };
    const step = takeReplicatedStep(trainee, this.#groups, given, position, learningRate, listener);
    if (this.#cluster !== undefined) this.stops = step.stop;
    const losses = Object.fromEntries(step.losses.map((name) => [name, step.values[name]!]));
    requireFiniteLosses(losses, { ...this.#diverging, step: position.step + 1, epoch: position.epoch + 1 });
    return step;
  }

  /** Lets the trainee plan the epoch under way; gives the indices that it draws from, where it says. */
  async plan(): Promise<Uint32Array | undefined> {
    const { trainee } = this.#parts;
    const plan = await this.inParts(async (parts) => trainee.beforeEpoch?.(this.#state.epoch, parts));
    this.#standing.indices = plan?.indices;
    this.#groups.reset(plan?.resetGroups ?? []);
    this.#state.planned = { ...plan?.metrics };
    return this.plannedIndices;
  }

  /** What the trainee measures after the epoch under way; undefined where that is not due. */
  async measure(): Promise<Record<string, number> | undefined> {
    const { trainee, config } = this.#parts;
    const done = this.#state.epoch + 1;
    if (trainee.evaluate === undefined) return undefined;
    if (done < config.epochs && done % config.evaluate.everyEpochs > 0) return undefined;
    return this.inParts((parts) => trainee.evaluate!(parts));
  }

  /** All that going on needs. */
  snapshot(): Checkpoint {
    return takeSnapshot(this.#parts.trainee, this.#groups, this.#standing);
  }

  /** Puts a snapshot back. */
  restore(snapshot: Checkpoint): void {
    this.#standing = putSnapshot(this.#parts.trainee, this.#groups, snapshot);
  }

  /** Where another process leads: this one has done its share, and waits to be dismissed. Throws as `Cluster.hear`. */
  async leaveToLeader(): Promise<void> {
    if (this.#follows) for (;;) await this.#cluster!.hear();
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
    if (startBatch === 0) {
      await this.plan();
      if (this.#parts.trainee.beforeEpoch !== undefined) await this.#handOver();
    }
    for await (const batch of feed.epoch(epoch, startBatch, this.plannedIndices)) {
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
    const position = { epoch: state.epoch, step: state.step - 1, totalSteps: this.#totalSteps };
    const learningRate = learningRateAt(config.schedule, position);
    const last = done === config.epochs;
    const measured = await this.measure();
    const { trained, tested } = addEpoch(this.#standing, learningRate, measured, trainee.measures);
    this.#log!.write({ kind: 'epoch', ...trained });
    if (tested !== undefined) this.#log!.write({ kind: 'test', ...tested });
    const told = describe({ ...epochMeans(state), ...state.planned, ...measured });
    if (!quiet) progress.note(`Epoch ${done} of ${config.epochs}: ${told}`);
    if (state.batch !== feed.batchesPerEpoch) throw new Error(`Epoch of ${state.batch} batches.`);
    Object.assign(state, { epoch: done, batch: 0, samples: 0, sums: {}, planned: {} });
    this.#standing.indices = undefined;
    const { everyEpochs } = config.checkpoint;
    if (this.#cluster !== undefined) await this.#handOver();
    else if (everyEpochs !== undefined && (last || done % everyEpochs === 0)) await this.save();
  }

  /** Lets the other processes take over where this one stands; it may remove the file afterwards. */
  async #handOver(): Promise<void> {
    await this.#cluster?.ask({ checkpoint: await this.save() });
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
    if (this.#follows) return;
    if (this.#clock.saveIsDue(this.#parts.config.checkpoint.everySeconds)) await this.save();
  }

  get #diverging() {
    return { name: this.#name, lastGood: this.#checkpoints.newest };
  }

  /** Whether another process leads. */
  get #follows(): boolean {
    return this.#cluster !== undefined && this.#cluster.rank > 0;
  }

  get #isAsked(): boolean {
    return this.#parts.signal.aborted || this.#clock.timeIsUp;
  }

  async #stopIfAsked(): Promise<void> {
    // Several processes stop after the same step, whichever of them was asked.
    if (this.#cluster === undefined ? this.#isAsked : this.stops) await this.#stop();
  }

  async #stop(): Promise<never> {
    await this.save();
    const isTime = this.#clock.timeIsUp && !this.#parts.signal.aborted;
    const why = isTime ? `the time limit of ${this.#clock.maxMinutes} minutes is reached` : 'asked to stop';
    throw new Interrupted(
      `${this.#name} saved at step ${this.#state.step} of ${this.#totalSteps}: ${why}. The same command goes on from there.`,
    );
  }
}
