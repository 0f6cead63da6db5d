import { accuracy } from '@selfsup/kit/metric';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type JigsawConfig } from './config.ts';
import { geometryOf, windowSide } from './geometry.ts';

/**
 * Jigsaw: an encoder sees nine shuffled tiles one by one, and a head tells from their features which of a set of
 * permutations shuffled them. Noroozi, Favaro: Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles,
 * ECCV 2016, arXiv:1603.09246.
 */
export const jigsaw: Task<JigsawConfig> = {
  name: 'jigsaw',
  schema,
  metricGroup: 'pretext',
  quantities: { 'puzzle-accuracy': accuracy },
  // The nine tiles of all images are one batch.
  batchNormStatistics: 'joint',
  create: async (context) => (await import('./run.ts')).createJigsaw(context),
};

const stage = trainingStage(jigsaw);

/** A training stage; crops that the config makes smaller than the window are refused before there are any images. */
export default {
  ...stage,
  schema: stage.schema.superRefine(({ data: { augment }, task }, context) => {
    const crop = augment.randomResizedCrop?.size ?? augment.randomCrop ?? augment.centreCrop;
    const side = windowSide(geometryOf(task.geometry));
    if (crop === undefined || crop >= side) return;
    const message = `a window of ${side} pixels does not fit crops of ${crop} (data.augment)`;
    context.addIssue({ code: 'custom', path: ['task', 'geometry'], message });
  }),
} satisfies typeof stage;
