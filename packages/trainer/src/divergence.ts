import { UserError } from '@selfsup/kit/errors';
import { allFinite } from '@selfsup/kit/numbers';
import type { TensorData } from '@selfsup/models/checkpoint';

/** What a message about a training that diverged names. */
export interface Diverging {
  /** What is trained; `Training` where absent. */
  readonly name?: string | undefined;
  /** The newest step, counted from 1, and its epoch. */
  readonly step: number;
  readonly epoch: number;
  /** The file to go back to. */
  readonly lastGood?: string | undefined;
}

type Values = Readonly<Record<string, number>>;

/** Throws `UserError` naming the step and the losses where one of them is not finite. */
export function requireFiniteLosses(losses: Values, where: Diverging): void {
  if (!Object.values(losses).every(Number.isFinite)) throw diverged(where, terms(losses).join(', '));
}

/** Throws `UserError` naming the first weight that is not finite, and what the newest step measured. */
export function requireFiniteWeights(tensors: ReadonlyMap<string, TensorData>, newest: Values, where: Diverging): void {
  for (const [name, { data }] of tensors) {
    if (data instanceof Float32Array && !allFinite(data)) {
      throw diverged(where, [`${name} is no longer finite`, ...terms(newest)].join(', '));
    }
  }
}

function terms(values: Values): string[] {
  return Object.entries(values).map(([name, value]) => `${name} = ${value}`);
}

function diverged({ name = 'Training', step, epoch, lastGood }: Diverging, what: string): UserError {
  return new UserError(`${name} diverged at step ${step} (epoch ${epoch}): ${what}`, {
    file: lastGood,
    field: 'schedule.learningRate',
    remedy: `Lower the learning rate; ${lastGood === undefined ? 'no checkpoint had been written yet' : 'the file is the last good checkpoint'}.`,
  });
}
