import type { Checkpoint, Json } from '@selfsup/models/checkpoint';
import { assignVariables, variableData } from '@selfsup/models/weights';
import { withoutPrefix, type ParameterGroups } from '../parameter-groups.ts';
import type { Trainee } from '../trainee.ts';
import type { TrainingState } from './training-state.ts';

/** Where a training stands beside its tensors: position and curves, and what its plan of the epoch draws from. */
interface Standing {
  readonly state: TrainingState;
  readonly indices: Uint32Array | undefined;
}

type Trained = Pick<Trainee<never>, 'weights' | 'state'>;

/** All that going on needs: weights, moving statistics, optimiser slots, the trainee's state, position and curves. */
export function takeSnapshot(trainee: Trained, groups: ParameterGroups, { state, indices }: Standing): Checkpoint {
  const tensors = variableData(trainee.weights);
  for (const [name, data] of groups.data()) tensors.set(name, data);
  const extra = trainee.state?.save();
  for (const [name, data] of extra?.tensors ?? []) tensors.set(`task/${name}`, data);
  if (indices !== undefined) tensors.set('plan/indices', { shape: [indices.length], data: Int32Array.from(indices) });
  return { tensors, metadata: { state: state as unknown as Json, task: extra?.json ?? null } };
}

/** Puts the tensors of a snapshot back, and gives the rest. */
export function putSnapshot(trainee: Trained, groups: ParameterGroups, { tensors, metadata }: Checkpoint): Standing {
  assignVariables(trainee.weights, tensors);
  groups.restore(tensors);
  trainee.state?.load(withoutPrefix(tensors, 'task/'), metadata['task']!);
  const indices = tensors.get('plan/indices')?.data;
  return {
    state: structuredClone(metadata['state']) as unknown as TrainingState,
    indices: indices && Uint32Array.from(indices),
  };
}
