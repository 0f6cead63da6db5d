import type { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { constant, gaussian } from '@selfsup/models/initialisers';
import { convolutionUnit, flatten, type LayerInit } from '@selfsup/models/units';

/** Side of the last feature map, at most. */
const LAST_SIDE = 7;

/**
 * Convolutions of 4×4, stride 2, with Leaky ReLU (slope 0.2) and no normalisation, until the map is small: from an image
 * to a vector `[batch, units]`. The first has `width` channels, the others twice as many. Weights begin normal with
 * variance 2 / fan-in, so that the vector's numbers are about as large as the image's.
 */
export function stridedTrunk(image: tf.SymbolicTensor, width: number, key: RandomKey): tf.SymbolicTensor {
  const start: LayerInit = (name, fanIn) => ({
    kernelInitializer: gaussian(deriveKey(key, name), Math.sqrt(2 / fanIn)),
    biasInitializer: constant(0),
  });
  let x = image;
  for (let layer = 1; layer === 1 || Math.max(x.shape[1]!, x.shape[2]!) > LAST_SIDE; layer++) {
    x = convolutionUnit(x, {
      name: `conv${layer}`,
      filters: layer === 1 ? width : 2 * width,
      kernelSize: 4,
      stride: 2,
      padding: 1,
      bias: true,
      start,
      negativeSlope: 0.2,
    });
  }
  return flatten(x);
}
