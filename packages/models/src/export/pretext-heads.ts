import type { tf } from '@selfsup/engine/tensorflow';
import { classifier, featureShapeOf } from '../building/heads.ts';
import { assignVariables, modelWeights } from '../checkpoint/weights.ts';
import type { LoadedEncoder } from '../encoder.ts';

/** A model of the pretext task beside the encoder, rebuilt: it takes the encoder's last feature map. */
export interface PretextHead {
  /** Its name in the checkpoint, such as `head`. */
  readonly name: string;
  readonly model: tf.LayersModel;
}

/**
 * Rebuilds those heads of a checkpoint that are classifiers of the common kind (the network's embedding, then one linear
 * layer named `linear`). `others` names the models that are of another kind; their weights are in the tensors all the same.
 */
export function pretextHeads(encoder: LoadedEncoder): { heads: PretextHead[]; others: string[] } {
  const names = new Set([...encoder.tensors.keys()].map((name) => name.split('/')[0]!));
  const feature = featureShapeOf(encoder.model);
  const heads: PretextHead[] = [];
  const others: string[] = [];
  for (const name of [...names].filter((candidate) => candidate !== 'encoder').sort()) {
    const own = [...encoder.tensors.keys()].filter((tensor) => tensor.startsWith(`${name}/`));
    const kernel = encoder.tensors.get(`${name}/linear/kernel`);
    const model = kernel && classifier(feature, kernel.shape[1]!, [0, 0], encoder.network.embed);
    const weights = model ? modelWeights(name, model) : [];
    const fits = weights.every(
      (weight) => String(encoder.tensors.get(weight.name)?.shape) === String(weight.variable.shape),
    );
    if (model === undefined || weights.length !== own.length || !fits) {
      model?.dispose();
      others.push(name);
      continue;
    }
    assignVariables(weights, encoder.tensors);
    heads.push({ name, model });
  }
  return { heads, others };
}
