import { z } from 'zod';

const rate = z.number().positive();

/** The `schedule` section of a config. */
export const scheduleSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant'), learningRate: rate }),
  z.strictObject({
    name: z.literal('cosine'),
    learningRate: rate,
    /** Learning rate that the last step would approach. */
    final: z.number().min(0).default(0),
  }),
  z.strictObject({
    name: z.literal('steps'),
    /**
     * In order; `until` is the first epoch (counted from 0) that the entry no longer covers. With `linearTo` the rate
     * falls by equal parts from epoch to epoch, the first of them in the entry's first epoch, to that in its last.
     */
    table: z
      .array(z.strictObject({ until: z.int().positive(), learningRate: rate, linearTo: rate.optional() }))
      .min(1)
      .refine((table) => table.every((entry, index) => index === 0 || entry.until > table[index - 1]!.until), {
        message: "the epochs in 'until' must rise",
      }),
  }),
  z.strictObject({
    name: z.literal('exponential'),
    learningRate: rate,
    /** Epochs at the full learning rate before it falls. */
    hold: z.int().min(0),
    /** Epochs over which it falls. */
    over: z.int().positive(),
    /** Fraction of the learning rate that is left at the end. */
    to: z.number().positive().default(0.01),
  }),
  z.strictObject({
    name: z.literal('inverse-square-root'),
    learningRate: rate,
    /** How fast it falls, per step; DeepCluster takes the probe's weight decay. */
    decay: z.number().min(0),
  }),
]);
export type Schedule = z.infer<typeof scheduleSchema>;

/** Where a training stands: the step about to be taken, counted from 0. */
export interface SchedulePosition {
  readonly epoch: number;
  readonly step: number;
  /** Steps of the whole training. */
  readonly totalSteps: number;
}

/**
 * Learning rate of one step. `steps` takes the first entry whose bound is above the epoch, and the last
 * entry after the table's end (recipes: RotNet's tables); `cosine` runs over all steps of the training;
 * `exponential` is BiGAN's: held, then multiplied by to^(1/over) each epoch; `inverse-square-root` that of
 * DeepCluster's linear probes, learningRate / √(1 + learningRate·decay·step).
 */
export function learningRateAt(schedule: Schedule, { epoch, step, totalSteps }: SchedulePosition): number {
  switch (schedule.name) {
    case 'constant':
      return schedule.learningRate;
    case 'cosine': {
      const { learningRate, final } = schedule;
      return final + (learningRate - final) * 0.5 * (1 + Math.cos((Math.PI * step) / totalSteps));
    }
    case 'steps':
      return stepRate(schedule.table, epoch);
    case 'exponential': {
      const fallen = Math.min(Math.max(epoch - schedule.hold + 1, 0), schedule.over);
      return schedule.learningRate * schedule.to ** (fallen / schedule.over);
    }
    case 'inverse-square-root':
      return schedule.learningRate / Math.sqrt(1 + schedule.learningRate * schedule.decay * step);
  }
}

function stepRate(table: Extract<Schedule, { name: 'steps' }>['table'], epoch: number): number {
  const covering = table.findIndex((entry) => entry.until > epoch);
  const index = covering === -1 ? table.length - 1 : covering;
  const { until, learningRate, linearTo } = table[index]!;
  if (linearTo === undefined) return learningRate;
  const start = table[index - 1]?.until ?? 0;
  const passed = Math.min((epoch + 1 - start) / (until - start), 1);
  return learningRate + (linearTo - learningRate) * passed;
}

/** Epochs at which the learning rate is worth showing: the start, each change of a table, the last epoch. */
export function milestones(schedule: Schedule, epochs: number): number[] {
  const changes =
    schedule.name === 'steps'
      ? schedule.table.slice(0, -1).map((entry) => entry.until)
      : schedule.name === 'exponential'
        ? [schedule.hold]
        : schedule.name === 'cosine' || schedule.name === 'inverse-square-root'
          ? [Math.floor(epochs / 2)]
          : [];
  return [...new Set([0, ...changes, epochs - 1])]
    .filter((epoch) => epoch >= 0 && epoch < epochs)
    .sort((a, b) => a - b);
}
