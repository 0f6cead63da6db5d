import { z } from 'zod';
import { givenFileSchema } from '../../training/given-file.ts';

const loss = z.enum(['parameters', 'matrix']).default('parameters');

/** Least and greatest scale; nothing that turns the image inside out or into a dot. */
const scale = z
  .tuple([z.number().min(0.1, 'the image would shrink to a dot or fold over'), z.number().max(10)])
  .refine(([least, greatest]) => least <= greatest, 'the least scale must not be above the greatest');

const affine = z
  .strictObject({
    transformation: z.literal('affine'),
    /** What the loss compares: the released code's normalised parameters, or the paper's matrices M(θ). */
    loss,
    /** Greatest rotation either way, in degrees. */
    rotation: z.number().min(0).max(180, 'rotations beyond 180° come round again').default(180),
    /** Greatest shift either way, as a part of the image's side. */
    translation: z.number().min(0).max(0.5, 'the centre of the image would leave the frame').default(0.2),
    scale: scale.default([0.7, 1.3]),
    /** Greatest shear either way, in degrees. */
    shear: z.number().min(0).max(85, 'the image would fold up to a line at 90°').default(30),
  })
  .refine((ranges) => ranges.rotation + ranges.translation + ranges.shear > 0 || ranges.scale[0] < ranges.scale[1], {
    path: ['rotation'],
    message: 'with all ranges at nothing there is nothing to predict',
  });

const eight = z.array(z.number()).length(8);

const projective = z
  .strictObject({
    transformation: z.literal('projective'),
    loss,
    /** Scale of the four corners about the centre. */
    scale: scale.default([0.8, 1.2]),
    /** Greatest shift of a corner along each axis, as a part of the image's side; whole pixels are drawn. */
    jitter: z.number().min(0).default(0.125),
    /** Whether corners also change places in turn: rotations by quarter turns. */
    quarterTurns: z.boolean().default(true),
    /** What is taken from the eight coefficients and what they are divided by; the released code's for 32 pixels, scaled. */
    standardise: z.strictObject({ mean: eight, std: z.array(z.number().positive()).length(8) }).optional(),
  })
  .refine((ranges) => ranges.jitter < ranges.scale[0] / 4, {
    path: ['jitter'],
    message: 'corners that shift by a quarter of the smallest image or more can fold it over',
  })
  .refine((ranges) => ranges.quarterTurns || ranges.jitter > 0 || ranges.scale[0] < ranges.scale[1], {
    path: ['jitter'],
    message: 'with all ranges at nothing there is nothing to predict',
  });

/** Those of a trained generator (`tasks/transform-generator`); the loss is ½‖z − ẑ‖². */
const generated = z.strictObject({
  transformation: z.literal('generated'),
  /** Checkpoint of the generator, such as another experiment's; absent: that of the stage which `needs.generator` names. */
  generator: givenFileSchema.optional(),
});

export const schema = z.discriminatedUnion('transformation', [affine, projective, generated]);
export type AetConfig = z.infer<typeof schema>;
