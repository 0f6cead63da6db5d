import { createHash } from 'node:crypto';
import { compiledStep } from '@selfsup/engine/compiled-step';
import { pixelTensor } from '@selfsup/engine/device-tensor';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { allFinite } from '@selfsup/kit/numbers';
import type { LoadedEncoder } from '@selfsup/models/encoder';
import { normalise } from '@selfsup/models/normalise';

/** Turns images into the outputs of named layers, with batch norm in inference mode and weights that never move. */
export interface FrozenEncoder {
  /** Size of the images that it takes. */
  readonly input: LoadedEncoder['input'];
  /** `[height, width, channels]` of each layer's output. */
  readonly shapes: readonly (readonly number[])[];
  /** `images`: `[batch, height, width, channels]` of 0..255; gives, for each layer, `[batch, …shape]`. */
  apply(images: Uint8Array, batch: number): tf.Tensor[];
  /** The same, flat and read back from the device. */
  extract(images: Uint8Array, batch: number): Float32Array[];
  /**
   * Throws `Error` unless the encoder is in inference mode: an image's output must not depend on what else is
   * in its batch. `images`: `[batch, height, width, channels]`, batch at least 2. Throws `UserError` for outputs that are
   * not finite.
   */
  assertInference(images: Uint8Array, batch: number): void;
  /** Throws `Error` unless every weight and moving statistic still has the bits that it began with. */
  assertUnchanged(): void;
}

/**
 * Freezes an encoder for the extraction of the given layers.
 * Throws `UserError` for a layer that is no probe point of it, listing those there are and naming the config's `field`.
 */
export function freezeEncoder(
  encoder: Pick<LoadedEncoder, 'model' | 'input' | 'normalisation' | 'probePoints'>,
  layers: readonly string[],
  field = 'layers',
): FrozenEncoder {
  const unknown = layers.find((name) => !encoder.probePoints.includes(name));
  if (unknown !== undefined)
    throw new UserError(`The encoder has no layer '${unknown}'`, {
      field,
      remedy: `Use one of: ${encoder.probePoints.join(', ')}.`,
    });
  const outputs = layers.map((name) => encoder.model.getLayer(name).output as tf.SymbolicTensor);
  const probed = tf.model({ inputs: encoder.model.inputs, outputs });
  const { height, width, channels } = encoder.input;
  const pixels = height * width * channels;
  const before = weightDigest(encoder.model);

  const apply = (images: Uint8Array, batch: number): tf.Tensor[] =>
    compiledStep(() =>
      tf.tidy(() => {
        const input = pixelTensor(images, [batch, height, width, channels]);
        const given = probed.predictOnBatch(normalise(input, encoder.normalisation));
        return Array.isArray(given) ? given : [given];
      }),
    );

  const extract = (images: Uint8Array, batch: number): Float32Array[] => {
    const results = apply(images, batch);
    // Read outside tidy, which would walk through every element of what is returned.
    const values = results.map((result) => result.dataSync() as Float32Array);
    tf.dispose(results);
    return values;
  };

  return {
    input: encoder.input,
    shapes: outputs.map((output) => output.shape.slice(1) as number[]),
    apply,
    extract,
    assertInference(images, batch) {
      const others = images.slice();
      for (let i = pixels; i < others.length; i++) others[i] = 255 - (others[i] as number);
      const [one, other] = [extract(images, batch), extract(others, batch)];
      layers.forEach((layer, at) => {
        if (!allFinite(one[at]!))
          throw new UserError(`The encoder gives NaN or infinity in ${layer}`, {
            field,
            remedy: 'Its training diverged: lower its learning rate, and run its stage again.',
          });
        const size = (one[at] as Float32Array).length / batch;
        for (let i = 0; i < size; i++)
          if (!same((one[at] as Float32Array)[i] as number, (other[at] as Float32Array)[i] as number))
            throw new Error(
              `The output of ${layer} for an image depends on what else is in its batch: batch norm is not in inference mode.`,
            );
      });
    },
    assertUnchanged() {
      if (weightDigest(encoder.model) !== before)
        throw new Error('The encoder changed while its features were read: batch norm is not in inference mode.');
    },
  };
}

/** Equal up to the rounding of another order of summation. */
function same(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(a), Math.abs(b));
}

function weightDigest(model: tf.LayersModel): string {
  const hash = createHash('sha256');
  for (const weight of model.getWeights()) {
    const values = weight.dataSync();
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
