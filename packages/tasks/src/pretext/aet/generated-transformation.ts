import { deriveKey } from '@selfsup/kit/random';
import { halfSquaredNorm } from '../../steps/regression-losses.ts';
import { drawCodes } from '../transform-generator/codes.ts';
import type { LoadedGenerator } from '../transform-generator/load-generator.ts';
import type { Transformation } from './transformation.ts';

/** Transformations t_z(x) = G(x, z) of a trained generator, described by their codes; the loss is ½‖z − ẑ‖². */
export function generatedTransformation({ codeSize, generate }: LoadedGenerator): Transformation {
  return {
    components: codeSize,
    bounded: true,
    groups: { code: Array.from({ length: codeSize }, (_, i) => i) },
    sample(images, key, first = 0) {
      const targets = drawCodes(deriveKey(key, first), images.shape[0], codeSize);
      return { images: generate(images, targets), targets };
    },
    apply: (images, descriptions) => generate(images, descriptions),
    loss: halfSquaredNorm,
  };
}
