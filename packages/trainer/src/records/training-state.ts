import type { Json } from '@selfsup/models/checkpoint';

/** All that the loop knows beside tensors and curves: plain JSON, whose numbers survive writing and reading to the bit. */
export interface TrainingState {
  /** Epoch under way, from 0. */
  epoch: number;
  /** Batches of that epoch that are done. */
  batch: number;
  /** Steps done since the start. */
  step: number;
  /** Samples and sample-weighted sums of logged values since the epoch began. */
  samples: number;
  sums: Record<string, number>;
  /** What the trainee measured when it planned the epoch. */
  planned: Record<string, number>;
  /** Best value so far of each measure. */
  best: Record<string, number>;
  /** What is done of the work between two steps that was interrupted. */
  kept?: Json;
}

/** The state before the first step. */
export function initialState(): TrainingState {
  return { epoch: 0, batch: 0, step: 0, samples: 0, sums: {}, planned: {}, best: {} };
}

/** Adds a step's values, which are means over `samples`, to the sums of its epoch. */
export function addToEpoch(state: TrainingState, values: Readonly<Record<string, number>>, samples: number): void {
  state.samples += samples;
  for (const [name, value] of Object.entries(values)) state.sums[name] = (state.sums[name] ?? 0) + value * samples;
}

/** Means since the epoch began. */
export function epochMeans(state: TrainingState): Record<string, number> {
  return Object.fromEntries(Object.entries(state.sums).map(([name, sum]) => [name, sum / state.samples]));
}

/** Keeps the best of each measure. Throws `Error` where an evaluation lacks one. */
export function keepBest(
  state: TrainingState,
  values: Readonly<Record<string, number>>,
  directions: Readonly<Record<string, 'max' | 'min'>>,
): void {
  for (const [name, direction] of Object.entries(directions)) {
    const value = values[name];
    if (value === undefined) throw new Error(`The evaluation gave no ${name}.`);
    const best = state.best[name];
    state.best[name] = best === undefined ? value : direction === 'max' ? Math.max(best, value) : Math.min(best, value);
  }
}

/** Values as a line of text. */
export function describe(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(', ');
}
