import { setImmediate } from 'node:timers/promises';
import { UserError } from '@selfsup/engine/errors';
import type { Phase, Progress } from '@selfsup/engine/progress';
import { randomKey, type RandomKey } from '@selfsup/engine/random';
import { Interrupted } from '@selfsup/engine/stage';
import type { Checkpoint, Json, TensorData } from '@selfsup/models/checkpoint';
import { learningRateAt } from '@selfsup/models/schedules';
import { assignVariables, modelWeights, variableData } from '@selfsup/models/weights';
import type { TaskInstance } from '../task.ts';
import type { TrainingConfig } from '../training-config.ts';
import { announceEstimate, Clock } from './clock.ts';
import type { DataFeed } from './data-feed.ts';
import type { LiveCheckpoints } from './live-checkpoints.ts';
import { MetricsLog } from './metrics-log.ts';
import { Players, withoutPrefix } from './players.ts';
import { takeStep } from './step.ts';
import { addEvaluation, addToEpoch, epochMeans, initialState, type TrainingState } from './training-state.ts';

export interface TrainingParts {
  readonly config: TrainingConfig;
  readonly seed: number;
  readonly instance: TaskInstance;
  readonly feed: DataFeed;
  readonly checkpoints: LiveCheckpoints;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly smallTwin: string | undefined;
  readonly maxMinutes: number | undefined;
  /** Where metrics.jsonl and the event folder go. */
  readonly metricsFile: string;
  readonly eventFolder: string;
}

/** The training loop: epochs, steps, evaluations, checkpoints. Knows nothing of any task beyond its interface. */
export class Training {
  readonly #parts: TrainingParts;
  readonly #players: Players;
  readonly #totalSteps: number;
  readonly #clock: Clock;
  readonly #stepKey: RandomKey;
  #state: TrainingState = initialState();
  #plannedIndices: Uint32Array | undefined;
  /** Losses and metrics of the newest step. */
  #newest: Readonly<Record<string, number>> = {};
  #log!: MetricsLog;

  constructor(parts: TrainingParts) {
    this.#parts = parts;
    this.#players = new Players(parts.config.optimizer, parts.instance.players);
    this.#totalSteps = parts.config.epochs * parts.feed.batchesPerEpoch;
    this.#clock = new Clock(parts.maxMinutes);
    this.#stepKey = randomKey(parts.seed, 'step');
  }

  get state(): Readonly<TrainingState> {
    return this.#state;
  }

  /**
   * Trains to the end, from the newest live checkpoint where there is one. Throws `Interrupted` after saving when
   * asked to stop, `UserError` when a loss stops being finite.
   */
  async run(): Promise<void> {
    const { checkpoints, progress, metricsFile, eventFolder, config, feed } = this.#parts;
    const found = await checkpoints.latest(progress);
    if (found !== undefined) {
      this.restore(found);
      progress.note(`Going on from step ${this.#state.step} of ${this.#totalSteps}`);
    }
    const { step, epoch } = this.#state;
    this.#log = await MetricsLog.open(metricsFile, eventFolder, { step, epochsDone: epoch });
    const phase = progress.phase('training', this.#totalSteps * config.batchSize, 'images', step * config.batchSize);
    try {
      while (this.#state.epoch < config.epochs) await this.#runEpoch(phase);
      phase.done();
    } finally {
      this.#log.close();
      await feed.close();
    }
  }

  /** One step on a batch, with its logging left to the caller. */
  step(batch: Parameters<TaskInstance['step']>[0]): Record<string, number> {
    const { instance, config, checkpoints } = this.#parts;
    const { epoch, step } = this.#state;
    const learningRate = learningRateAt(config.schedule, { epoch, step, totalSteps: this.#totalSteps });
    const key = randomKey(this.#stepKey[0], this.#stepKey[1], step);
    const { values, samples } = takeStep(
      instance,
      this.#players,
      batch,
      { epoch, step, key },
      learningRate,
      checkpoints.newest,
    );
    this.#newest = values;
    addToEpoch(this.#state, values, samples);
    this.#state.step += 1;
    this.#state.batch += 1;
    return { ...values, learningRate };
  }

  /** Lets the task plan the epoch under way; gives the indices that it draws from, where it says. */
  async plan(): Promise<Uint32Array | undefined> {
    const { instance } = this.#parts;
    const plan = await this.#orSave(async () => instance.beforeEpoch?.(this.#state.epoch));
    this.#plannedIndices = plan?.indices;
    this.#players.reset(plan?.resetPlayers ?? []);
    this.#state.planned = { ...plan?.metrics };
    return this.#plannedIndices;
  }

  /** All that going on needs: weights, moving statistics, optimiser slots, the task's state, position and curves. */
  snapshot(): Checkpoint {
    const { instance } = this.#parts;
    const tensors = variableData(this.#weights());
    for (const [name, data] of this.#players.data()) tensors.set(name, data);
    const extra = instance.state?.save();
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
    assignVariables(this.#weights(), tensors);
    this.#players.restore(tensors);
    this.#parts.instance.state?.load(withoutPrefix(tensors, 'task/'), metadata['task']!);
    const indices = tensors.get('plan/indices')?.data;
    this.#plannedIndices = indices && Uint32Array.from(indices);
    this.#state = structuredClone(metadata['state']) as unknown as TrainingState;
  }

  dispose(): void {
    this.#players.dispose();
  }

  #weights() {
    return Object.entries(this.#parts.instance.models).flatMap(([name, model]) => modelWeights(name, model));
  }

  async #runEpoch(phase: Phase): Promise<void> {
    const { feed, config } = this.#parts;
    const { epoch, batch: startBatch } = this.#state;
    if (startBatch === 0) await this.plan();
    for await (const batch of feed.epoch(epoch, startBatch, this.#plannedIndices)) {
      await this.#stopIfAsked();
      this.#clock.stepBegins();
      const values = this.step(batch);
      const seconds = this.#clock.stepEnds();
      if (seconds !== undefined) {
        const left = this.#totalSteps - this.#state.step;
        announceEstimate(seconds, left, this.#parts.progress, this.#parts.smallTwin);
      }
      const { step } = this.#state;
      if (step % config.log.everySteps === 0) this.#log.write({ kind: 'train', epoch: epoch + 1, step, ...values });
      phase.advance(config.batchSize, { epoch: epoch + 1, ...values });
      if (this.#clock.saveIsDue(config.checkpoint.everySeconds)) await this.save();
      await setImmediate(); // lets signals and worker messages in
    }
    await this.#stopIfAsked();
    await this.#endEpoch();
  }

  async #endEpoch(): Promise<void> {
    const { instance, config, progress, feed } = this.#parts;
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
    if (instance.evaluate !== undefined && (last || done % config.evaluate.everyEpochs === 0)) {
      measured = await this.#orSave(() => instance.evaluate!());
    }
    state.train.push(point);
    this.#log.write({ kind: 'epoch', ...point });
    if (measured !== undefined) {
      addEvaluation(state, measured, instance.measures);
      this.#log.write({ kind: 'test', epoch: done, step: state.step, ...measured });
    }
    progress.note(
      `Epoch ${done} of ${config.epochs}: ${describe({ ...epochMeans(state), ...state.planned, ...measured })}`,
    );
    if (state.batch !== feed.batchesPerEpoch) throw new Error(`Epoch of ${state.batch} batches.`);
    Object.assign(state, { epoch: done, batch: 0, samples: 0, sums: {}, planned: {} });
    this.#plannedIndices = undefined;
    if (last || done % config.checkpoint.everyEpochs === 0) await this.save();
  }

  /** Evaluates or plans; asked to stop meanwhile, saves so that the same work is what going on begins with. */
  async #orSave<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Interrupted) await this.#stopIfAsked();
      throw error;
    }
  }

  /** Writes a live checkpoint. Throws `UserError` instead when a weight is no longer finite. */
  async save(): Promise<string> {
    const { checkpoints } = this.#parts;
    const snapshot = this.snapshot();
    requireFinite(snapshot.tensors, this.#whereItIs(), this.#newest, checkpoints.newest);
    this.#log?.flush();
    const path = await checkpoints.save(this.#state.step, snapshot);
    this.#clock.saved();
    return path;
  }

  /** The newest step and the epoch that it belongs to, for messages. */
  #whereItIs(): string {
    const { step, epoch, batch } = this.#state;
    return `step ${step} (epoch ${batch === 0 ? epoch : epoch + 1})`;
  }

  async #stopIfAsked(): Promise<void> {
    const asked = this.#parts.signal.aborted;
    if (!asked && !this.#clock.timeIsUp) return;
    await this.save();
    const why = asked ? 'asked to stop' : `the time limit of ${this.#parts.maxMinutes} minutes is reached`;
    throw new Interrupted(
      `Training saved at step ${this.#state.step} of ${this.#totalSteps}: ${why}. The same command goes on from there.`,
    );
  }
}

function requireFinite(
  tensors: ReadonlyMap<string, TensorData>,
  where: string,
  values: Readonly<Record<string, number>>,
  lastGood: string | undefined,
): void {
  for (const [name, { data }] of tensors) {
    if (data instanceof Float32Array && !data.every(Number.isFinite)) {
      const terms = Object.entries(values).map(([term, value]) => `, ${term} = ${value}`);
      throw new UserError(`Training diverged at ${where}: ${name} is no longer finite${terms.join('')}`, {
        file: lastGood,
        field: 'schedule.learningRate',
        remedy: 'Lower the learning rate; the file, where one is named, is the last good checkpoint.',
      });
    }
  }
}

function describe(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(', ');
}
