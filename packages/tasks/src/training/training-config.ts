import { z, type ZodType } from 'zod';
import { augmentSchema } from '@selfsup/data/augment';
import { subsetSchema } from '@selfsup/data/subset';
import { networkSchema } from '@selfsup/models/network-section';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { scheduleSchema } from '@selfsup/models/schedules';
import { cutsEvenly, replicasSchema, unevenBatches } from '@selfsup/trainer/replicas';

const data = z.strictObject({
  split: z.string().default('train'),
  testSplit: z.string().default('test'),
  /** Part of the split to train on; all of it where absent. */
  subset: subsetSchema.optional(),
  /** Drawn for each image and epoch. Defaults are those of CIFAR. */
  augment: augmentSchema.default({ padCrop: 4, flip: true }),
  /**
   * How images are brought to that size where nothing is drawn: for measuring and previews. Absent: as they are where
   * sizes agree, else the shorter side scaled to 8/7 of the size and the centre cropped.
   */
  plainView: augmentSchema.optional(),
  /** Draws in an epoch, going through a smaller subset again and again; the size of the subset where absent. */
  samplesPerEpoch: z.int().positive().optional(),
  /** Loader threads; the batches are the same for any number. */
  workers: z.int().min(0).default(1),
});

/** The config section of a training stage around the section of its task. Defaults are RotNet's on CIFAR-10. */
export function trainingSchema<Config>(task: ZodType<Config>) {
  const schema = z.strictObject({
    network: networkSchema,
    data: data.prefault({}),
    task: task.prefault({} as never),
    optimizer: optimizerSchema.prefault({ name: 'sgd' }),
    schedule: scheduleSchema.prefault({ name: 'cosine', learningRate: 0.1 }),
    epochs: z.int().min(0),
    batchSize: z.int().positive().default(128),
    /** Parts of a batch that are computed apart, by one process or several. */
    replicas: replicasSchema,
    /** In units of 0..255; the training split's own statistics where absent. */
    normalisation: z
      .strictObject({ mean: z.array(z.number()).min(1), std: z.array(z.number().positive()).min(1) })
      .optional(),
    checkpoint: z
      .strictObject({
        everySeconds: z.number().positive().default(60),
        everyEpochs: z.int().positive().default(1),
        /** At least 2: the one before stands in where the newest is torn. */
        keep: z.int().min(2).default(2),
      })
      .prefault({}),
    evaluate: z
      .strictObject({
        /** The last epoch is always evaluated. */
        everyEpochs: z.int().positive().default(1),
      })
      .prefault({}),
    log: z
      .strictObject({
        /** Steps between lines of metrics.jsonl. */
        everySteps: z.int().positive().default(10),
      })
      .prefault({}),
  });
  return schema.refine(cutsEvenly, unevenBatches);
}

/** A checked config of a training stage. */
export type TrainingConfig<TaskConfig = unknown> = Omit<z.infer<ReturnType<typeof trainingSchema>>, 'task'> & {
  task: TaskConfig;
};
