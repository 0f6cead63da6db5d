import type { tf } from '@selfsup/engine/tensorflow';
import type { LoadedEncoder } from '../encoder.ts';
import { classifier, featureShapeOf } from '../heads.ts';
import { assignVariables, modelWeights } from '../weights.ts';

/** A model of the pretext task beside the encoder, rebuilt: it takes the encoder's last feature map. */
export interface PretextHead {
  /** Its name in the checkpoint, such as `head`. */
  readonly name: string;
  readonly model: tf.LayersModel;
}

/**
 * Rebuilds those heads of a checkpoint that are classifiers of the common kind (global average, then one linear layer
 * named `linear`). `others` names the models that are of another kind; their weights are in the tensors all the same.
 */
export function pretextHeads(encoder: LoadedEncoder): { heads: PretextHead[]; others: string[] } {
  const names = new Set([...encoder.tensors.keys()].map((name) => name.split('/')[0]!));
  const feature = featureShapeOf(encoder.model);
  const heads: PretextHead[] = [];
  const others: string[] = [];
  for (const name of [...names].filter((candidate) => candidate !== 'encoder').sort()) {
    const own = [...encoder.tensors.keys()].filter((tensor) => tensor.startsWith(`${name}/`)).sort();
    const kernel = encoder.tensors.get(`${name}/linear/kernel`);
    const common = own.join() === `${name}/linear/bias,${name}/linear/kernel` && kernel!.shape[0] === feature[2];
    if (!common) {
      others.push(name);
      continue;
    }
    const model = classifier(feature, kernel!.shape[1]!, [0, 0]);
    assignVariables(modelWeights(name, model), encoder.tensors);
    heads.push({ name, model });
  }
  return { heads, others };
}
