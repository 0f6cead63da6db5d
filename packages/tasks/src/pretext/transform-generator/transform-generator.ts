import { accuracy } from '@selfsup/kit/metric';
import { z } from 'zod';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';

/** Control points of a cubic spline surface that move by less than this part of their distance never fold it. */
const FOLDS = 0.48;

export const schema = z.strictObject({
  /** Numbers in a code z, each uniform in [−1, 1]. */
  codeSize: z.int().min(1).max(64).default(8),
  /** Cells of the grid of control points along each side: few for large, smooth changes. */
  cells: z.int().min(1).max(16).default(2),
  /** Greatest shift of a control point, as a part of the distance between them. */
  shift: z
    .number()
    .positive()
    .max(FOLDS, `control points that move by more than ${FOLDS} of their distance can fold the image over`)
    .default(0.45),
  /** Greatest change of brightness and contrast, locally and for each colour; 0 for none. */
  colour: z.number().min(0).max(0.9, 'the image would go black').default(0.25),
  /** Channels of the first layers of generator and discriminator; later ones have twice as many. */
  width: z.int().min(1).default(32),
  /** Mean change of a pixel from one code to another, of 0..255, below which the generator is pulled towards more. */
  leastChange: z.number().min(0).max(64).default(12),
  /** Weights of the generator's three terms. */
  weights: z
    .strictObject({
      adversarial: z.number().min(0).default(1),
      code: z.number().min(0).default(1),
      change: z.number().min(0).default(1),
    })
    .prefault({}),
});
export type TransformGeneratorConfig = z.infer<typeof schema>;

/**
 * Trains an image-conditioned generator G(x, z) whose outputs are the transformations t_z of GAN-induced AET (Zhang et
 * al., CVPR 2019, §3.2.3). G bends x on a grid of spline control points and changes light and colour, both linear in z
 * before they are bounded, by maps that a network computes from x: G(x, 0) = x, as in the localised GANs that the paper
 * builds on (Qi et al. 2018, arXiv:1711.06020).
 *
 * Two players, σ being the logistic function:
 * - the discriminator D maximises log σ(D(x)) + log(1 − σ(D(G(x, z))));
 * - the generator, with the encoder and a linear decoder that estimate ẑ from x and G(x, z), minimises
 *   a · −log σ(D(G(x, z))) (images that D takes for real ones)
 *   + c · ½‖z − ẑ‖² (a code that can be told from the pair: every part of it is used, and differently)
 *   + d · max(0, 1 − mean |G(x, z) − G(x, z′)| / leastChange) (codes that differ visibly).
 */
export const transformGenerator: Task<TransformGeneratorConfig> = {
  name: 'transform-generator',
  schema,
  metricGroup: 'generator',
  quantities: { 'discriminator-accuracy': accuracy, change: { unit: 'none', better: 'more' } },
  batchNormStatistics: 'joint',
  create: async (context) => (await import('./adversarial-training.ts')).createTransformGenerator(context),
};

export default trainingStage(transformGenerator);
