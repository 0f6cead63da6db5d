import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { loadEncoder } from '@selfsup/models/encoder';
import type { ImageShape } from '@selfsup/models/network';
import { assignVariables, modelWeights } from '@selfsup/models/weights';
import { schema } from './config.ts';
import { buildGenerator, generatorFunction } from './generator.ts';

/** A trained G. */
export interface LoadedGenerator {
  readonly codeSize: number;
  /** Images `[batch, height, width, channels]` of 0..255 and codes `[batch, codeSize]` to images. */
  readonly generate: (images: tf.Tensor4D, codes: tf.Tensor2D) => tf.Tensor4D;
}

/**
 * Rebuilds the generator of a checkpoint of `tasks/transform-generator` for images of the given size. Throws `UserError`
 * when the file is another task's, or of images of another size.
 */
export async function loadGenerator(path: string, input: ImageShape): Promise<LoadedGenerator> {
  const { model: encoder, description, input: trained, normalisation, tensors } = await loadEncoder(path);
  encoder.dispose();
  if (description.task !== 'transform-generator') {
    throw new UserError(`The checkpoint is one of '${description.task}'`, {
      file: path,
      field: 'needs.generator',
      remedy: "Name a stage that uses 'tasks/transform-generator'.",
    });
  }
  const size = ({ height, width, channels }: ImageShape): string => `${height} × ${width} × ${channels}`;
  if (size(trained) !== size(input)) {
    throw new UserError(`The generator is made for images of ${size(trained)}, these are of ${size(input)}`, {
      field: 'needs.generator',
      remedy: 'Train it on images of the same size.',
    });
  }
  const config = schema.parse(description.taskConfig);
  const model = buildGenerator(config, input, [0, 0]);
  assignVariables(modelWeights('generator', model), tensors, path);
  return { codeSize: config.codeSize, generate: generatorFunction(model, config, input, normalisation) };
}
