import { accuracy } from '@selfsup/kit/metric';
import { z } from 'zod';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';

const schema = z.strictObject({
  /** Rotations to tell apart, in quarter turns counter-clockwise; class k is the k-th of them. */
  quarterTurns: z
    .array(z.int().min(0).max(3))
    .min(2)
    .refine((turns) => new Set(turns).size === turns.length, { message: 'each rotation may be named once' })
    .default([0, 1, 2, 3]),
});
export type RotNetConfig = z.infer<typeof schema>;

/**
 * RotNet: an encoder learns to tell by how much an image was rotated. Gidaris, Singh, Komodakis: Unsupervised
 * Representation Learning by Predicting Image Rotations, ICLR 2018, arXiv:1803.07728.
 */
export const rotnet: Task<RotNetConfig> = {
  name: 'rotnet',
  schema,
  metricGroup: 'pretext',
  quantities: { 'rotation-accuracy': accuracy },
  batchNormStatistics: 'joint',
  create: async (context) => (await import('./rotation-prediction.ts')).createRotNet(context),
};

export default trainingStage(rotnet);
