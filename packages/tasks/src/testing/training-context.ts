import { wholeWork, type StageContext } from '@selfsup/kit/stage';
import { recordingProgress } from '@selfsup/trainer/testing/recording-progress';
import type { Task } from '../task.ts';
import { trainingSchema, type TrainingConfig } from '../training/training-config.ts';

/** A stage's context for tests: a small network, small batches, no loader threads, `changes` on top. */
export function trainingContext<Config>(
  task: Task<Config>,
  workFolder: string,
  changes: Record<string, unknown> = {},
  more: Partial<StageContext<never>> = {},
): StageContext<TrainingConfig<Config>> & { progress: ReturnType<typeof recordingProgress> } {
  const config = trainingSchema(task.schema).parse({
    network: { name: 'nin', blocks: 3, width: 8 },
    data: { workers: 0, augment: { padCrop: 1 } },
    epochs: 2,
    batchSize: 16,
    log: { everySteps: 1 },
    ...changes,
  }) as unknown as TrainingConfig<Config>;
  return {
    seed: 1,
    needs: {},
    signal: new AbortController().signal,
    extent: wholeWork,
    ...more,
    config,
    workFolder,
    progress: recordingProgress(),
  };
}
