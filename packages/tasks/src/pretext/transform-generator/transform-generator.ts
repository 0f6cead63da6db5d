import { accuracy } from '@selfsup/kit/metric';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type TransformGeneratorConfig } from './config.ts';

/**
 * Trains an image-conditioned generator G(x, z) whose outputs are the transformations t_z of GAN-induced AET (Zhang et
 * al., CVPR 2019, §3.2.3). G bends x on a grid of spline control points and changes light and colour, both linear in z
 * before they are bounded, by maps that a network computes from x: G(x, 0) = x, as in the localised GANs that the paper
 * builds on (Qi et al. 2018, arXiv:1711.06020).
 *
 * Two parameter groups, σ being the logistic function:
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
  create: async (context) => (await import('./run.ts')).createTransformGenerator(context),
};

export default trainingStage(transformGenerator);
