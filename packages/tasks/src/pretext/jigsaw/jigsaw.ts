import { accuracy } from '@selfsup/kit/metric';
import { z } from 'zod';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { geometryOf, geometrySchema, windowSide } from './geometry.ts';
import { permutationSetSchema } from './permutation-set.ts';

const head = z.strictObject({
  /**
   * Units of fc6 over the global average of a tile's last feature map. Absent: the network's own embedding, which is fc6
   * for `cfn`.
   */
  fc6: z.int().positive().optional(),
  /** Units of fc7 over the nine tiles' vectors side by side. */
  fc7: z.int().positive().default(4096),
  /** Of fc6 (where it is named here) and fc7, after their ReLU. */
  dropout: z.number().min(0).lt(1).default(0.5),
  /**
   * How these layers begin. `gaussian`, as published: fc6 and fc7 normal with deviation 0.005 and bias 1, the last layer 0.01
   * and 0. `pytorch`: uniform within ±1/√inputs, biases too.
   */
  start: z.enum(['gaussian', 'pytorch']).default('gaussian'),
});

const schema = z.strictObject({
  /** `paper`, `released`, `small`, or sides of cell and tile in pixels; the window is three cells wide. */
  geometry: geometrySchema.default('paper'),
  /** The orders to tell apart. */
  permutations: permutationSetSchema.prefault({ count: 1000 }),
  /**
   * `tile`: each tile's own mean and deviation (the paper); `dataset`: the stage's normalisation.
   */
  tileNormalisation: z.enum(['tile', 'dataset']).default('tile'),
  /** Most pixels by which each channel of a tile is shifted, against the clue of chromatic aberration. */
  colourShift: z.int().min(0).max(16).default(0),
  head: head.prefault({}),
  /** Test images that the puzzle accuracy is measured on, the first of their split; all where absent. */
  testImages: z.int().positive().optional(),
});
export type JigsawConfig = z.infer<typeof schema>;

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
  create: async (context) => (await import('./puzzle-solving.ts')).createJigsaw(context),
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
