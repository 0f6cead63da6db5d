import type { Checkpoint, Json } from '@selfsup/models/checkpoint';
import { assignVariables, variableData } from '@selfsup/models/weights';
import { withoutPrefix, type ParameterGroups } from '../parameter-groups.ts';
import type { Trainee } from '../trainee.ts';
import { Curve } from './curve.ts';
import type { Standing } from './standing.ts';
import type { TrainingState } from './training-state.ts';

/** Changes where what a snapshot holds does: no training goes on from one of another form. */
export const snapshotForm = 2;

type Trained = Pick<Trainee<never>, 'weights' | 'state'>;

/** All that going on needs: weights, moving statistics, optimiser slots, the trainee's state, position and curves. */
export function takeSnapshot(
  trainee: Trained,
  groups: ParameterGroups,
  { state, indices, train, test }: Standing,
): Checkpoint {
  const tensors = variableData(trainee.weights);
  for (const [name, data] of groups.data()) tensors.set(name, data);
  const extra = trainee.state?.save();
  for (const [name, data] of extra?.tensors ?? []) tensors.set(`task/${name}`, data);
  if (indices !== undefined) tensors.set('plan/indices', { shape: [indices.length], data: Int32Array.from(indices) });
  for (const [name, { lines }] of Object.entries({ train, test }))
    tensors.set(`curve/${name}`, { shape: [lines.length], data: lines });
  // As text, since a checkpoint sorts the names of its metadata: a training that goes on keeps the order that it had.
  return { tensors, metadata: { state: JSON.stringify(state), task: JSON.stringify(extra?.json ?? null) } };
}

/** Puts the tensors of a snapshot back, and gives the rest. */
export function putSnapshot(trainee: Trained, groups: ParameterGroups, { tensors, metadata }: Checkpoint): Standing {
  assignVariables(trainee.weights, tensors);
  groups.restore(tensors);
  trainee.state?.load(withoutPrefix(tensors, 'task/'), JSON.parse(metadata['task'] as string) as Json);
  const indices = tensors.get('plan/indices')?.data;
  const curve = (name: string): Curve => new Curve(tensors.get(`curve/${name}`)!.data as Uint8Array);
  return {
    state: JSON.parse(metadata['state'] as string) as TrainingState,
    train: curve('train'),
    test: curve('test'),
    indices: indices && Uint32Array.from(indices),
  };
}
