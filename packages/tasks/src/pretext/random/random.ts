import { z } from 'zod';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';

// Whatever the config of the task that it stands in for holds: a variant then changes only `uses`.
const schema = z.record(z.string(), z.unknown());

/**
 * An encoder with random weights, those with which any task of the same seed and network begins: the floor that
 * pretext tasks are compared with. With the role `init`, the weights of that stage. Trains nothing, whatever the config's epochs.
 */
export const random: Task<z.infer<typeof schema>> = {
  name: 'random',
  schema,
  metricGroup: 'pretext',
  quantities: {},
  batchNormStatistics: 'joint',
  create: async (context) => ({
    models: { encoder: context.buildEncoder() },
    parameterGroups: [],
    measures: {},
    step: () => {
      throw new Error('Random initialisation does not train.');
    },
  }),
};

export default trainingStage(random);
