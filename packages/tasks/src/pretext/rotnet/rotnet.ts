import { accuracy } from '@selfsup/kit/metric';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type RotNetConfig } from './config.ts';

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
  create: async (context) => (await import('./run.ts')).createRotNet(context),
};

export default trainingStage(rotnet);
