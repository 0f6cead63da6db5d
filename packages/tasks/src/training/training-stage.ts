import type { StageModule } from '@selfsup/kit/stage';
import type { Task } from '../task.ts';
import { trainingSchema, type TrainingConfig } from './training-config.ts';

/**
 * A stage that trains an encoder on a task; see `TrainingConfig` for its config. The encoder begins with random weights, or
 * with those of the stage of the same network that fills the role `init`. Loads TensorFlow only to run.
 */
export function trainingStage<Config>(task: Task<Config>): StageModule<TrainingConfig<Config>> {
  return {
    schema: trainingSchema(task.schema) as unknown as StageModule<TrainingConfig<Config>>['schema'],
    roles: ['dataset', ...(task.roles ?? [])],
    optionalRoles: ['init'],
    ...(task.rolesFor && { rolesFor: ({ task: config }: TrainingConfig<Config>) => task.rolesFor!(config) }),
    parts: (config) => [`models/${config.network.name}`, ...(task.parts?.(config.task) ?? [])],
    async run(context) {
      const { onDataset, trainOn } = await import('./run-training.ts');
      return onDataset(task, context, trainOn);
    },
    async rehearse(context) {
      const [{ onDataset }, { rehearseOn }] = await Promise.all([import('./run-training.ts'), import('./dry-run.ts')]);
      return onDataset(task, context, rehearseOn);
    },
  };
}
