import { Curve, type CurvePoint } from './curve.ts';
import { epochMeans, initialState, keepBest, type TrainingState } from './training-state.ts';

/** Where a training stands beside its tensors: position and curves, and what its plan of the epoch draws from. */
export interface Standing {
  readonly state: TrainingState;
  readonly train: Curve;
  readonly test: Curve;
  /** Of the epoch under way. */
  indices: Uint32Array | undefined;
}

/** Before the first step. */
export function initialStanding(): Standing {
  return { state: initialState(), train: new Curve(), test: new Curve(), indices: undefined };
}

/**
 * Adds the epoch under way to the curves, and `measured` after it, where that is due; keeps the best of each measure, of which
 * `directions` say what is better. Gives the points. Throws as `keepBest`.
 */
export function addEpoch(
  { state, train, test }: Standing,
  learningRate: number,
  measured: Readonly<Record<string, number>> | undefined,
  directions: Readonly<Record<string, 'max' | 'min'>>,
): { readonly trained: CurvePoint; readonly tested: CurvePoint | undefined } {
  const at = { epoch: state.epoch + 1, step: state.step };
  const trained = { ...at, ...epochMeans(state), ...state.planned, learningRate };
  train.add(trained);
  if (measured === undefined) return { trained, tested: undefined };
  keepBest(state, measured, directions);
  const tested = { ...at, ...measured };
  test.add(tested);
  return { trained, tested };
}
