import { z } from 'zod';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { scheduleSchema } from '@selfsup/models/schedules';
import { replicasSchema } from '@selfsup/trainer/replicas';
import { poolingSchema } from '../features/pooling-config.ts';

/** Initial weights of a head's linear layers; see `HeadInput` in heads.ts. */
export const initialiserSchema = z.enum(['torch', 'rotnet', 'xavier', 'gaussian']);
export type InitialiserName = z.infer<typeof initialiserSchema>;

/** Batch norm of a linear probe: `false` none, `true` without gain and offset (PyTorch's `affine=False`), `'affine'` with them. */
export const probeNormSchema = z.union([z.boolean(), z.literal('affine')]);
export type ProbeNorm = z.infer<typeof probeNormSchema>;

/**
 * Settings that every trained head shares. The defaults are the small yardstick protocol: SGD with Nesterov
 * 0.9 and decay 5e-4 on all parameters, learning rate 0.1 with cosine to 0 over all steps, 8 epochs of 128.
 */
export const headTraining = {
  /** Label of the whole protocol; it becomes part of the metrics' names. */
  protocol: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'small letters, digits, dots and hyphens'),
  /** Layer whose features the head is trained on. */
  layer: z.string(),
  epochs: z.int().min(1).default(8),
  batchSize: z.int().min(1).default(128),
  /** Parts of a batch that are computed apart, by one process or several. */
  replicas: replicasSchema,
  /** Leave out the last batch of an epoch where it would be smaller. */
  dropLast: z.boolean().default(true),
  /** Epochs from one test to the next; the last one is tested always. 1 where absent. */
  testEvery: z.int().min(1).optional(),
  /** Draws that make an epoch; the number of images where absent. More go through the images again. */
  samplesPerEpoch: z.int().min(1).optional(),
  optimizer: optimizerSchema.prefault({ name: 'sgd' }),
  schedule: scheduleSchema.prefault({ name: 'cosine', learningRate: 0.1 }),
  initialiser: initialiserSchema.default('torch'),
};

/** Settings of RotNet's and AET's classifiers. */
export const classifierSettings = {
  head: z.enum(['fc1', 'fc2', 'fc3', 'conv']),
  /** Channels of the conv head's layers; those of the features where not given. */
  width: z.int().min(1).optional(),
  /** Units of the hidden fully connected layers; min(20 · classes, 2048) where not given. */
  hidden: z.int().min(1).optional(),
};

/** Settings of the linear probe. */
export const linearSettings = {
  pooling: poolingSchema.default({ adaptiveAverage: 4 }),
  /** Batch norm between pooling and the linear layer. */
  batchNorm: probeNormSchema.default(true),
};

export type HeadTraining = z.infer<z.ZodObject<typeof headTraining>>;
