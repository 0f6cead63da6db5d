import type { layers, Tensor } from '@tensorflow/tfjs-node-gpu';
import { deviceUniform, tf } from '../platform.ts';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { onlyInput, stockClass } from './stock.ts';

let stepKey: RandomKey | undefined;
const drawsInStep = new Map<string, number>();

/**
 * Says what the Dropout layers draw from until it is called again: a key of seed and step, such as
 * `randomKey(seed, 'dropout', step)`. Call it at the start of every training step; `undefined` after the last.
 */
export function setTrainingStep(key: RandomKey | undefined): void {
  stepKey = key;
  drawsInStep.clear();
}

/** Key of the next draw of a layer in this step: a layer applied twice in a step draws two masks. */
function nextKey(layer: string): RandomKey {
  if (stepKey === undefined) {
    throw new Error(`Dropout '${layer}' was run in training outside a step: call setTrainingStep(key) first`);
  }
  const draw = drawsInStep.get(layer) ?? 0;
  drawsInStep.set(layer, draw + 1);
  return deriveKey(stepKey, layer, draw);
}

type StockSettings = Parameters<typeof tf.layers.dropout>[0];

const Stock = stockClass<layers.Layer & { readonly rate: number }, StockSettings>(
  tf.layers.dropout({ name: 'stock', rate: 0 }),
);

/** tfjs's Dropout with masks drawn on the device from the step's key. Saved and loaded as tfjs's own. */
class KeyedDropout extends Stock {
  static readonly className = 'Dropout';

  override call(inputs: Tensor | Tensor[], kwargs?: { training?: boolean }): Tensor | Tensor[] {
    return tf.tidy(() => {
      const x = onlyInput(inputs);
      if (kwargs?.training !== true || this.rate === 0) return x.clone();
      const kept = deviceUniform(nextKey(this.name), x.shape).greaterEqual(this.rate);
      return x.mul(kept.cast('float32').mul(1 / (1 - this.rate)));
    });
  }
}

/**
 * Dropout (Srivastava et al. 2014): in training each value is zeroed with probability `rate` in [0, 1), the rest
 * scaled by 1/(1 - rate); identity in inference. Masks are a function of the step's key (see
 * `setTrainingStep`), the layer's name and how often it was applied in the step; training outside a step throws.
 */
export function dropout(settings: { readonly name: string; readonly rate: number }): layers.Layer {
  if (!(settings.rate >= 0 && settings.rate < 1)) {
    throw new RangeError(`Dropout '${settings.name}': rate must be in [0, 1), got ${settings.rate}`);
  }
  return new KeyedDropout({ name: settings.name, rate: settings.rate });
}
