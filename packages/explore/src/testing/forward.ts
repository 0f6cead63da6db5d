import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, randomKey, uniform, type RandomKey } from '@selfsup/kit/random';
import type { ImageShape, Network } from '@selfsup/models/network';
import alexnet from '@selfsup/models/networks/alexnet';
import alexnetSmall from '@selfsup/models/networks/alexnet-small';
import biganConv from '@selfsup/models/networks/bigan-conv';
import biganMlp from '@selfsup/models/networks/bigan-mlp';
import cfn from '@selfsup/models/networks/cfn';
import nin from '@selfsup/models/networks/nin';
import { modelWeights } from '@selfsup/models/weights';

const networks = { alexnet, cfn, nin, 'alexnet-small': alexnetSmall, 'bigan-conv': biganConv, 'bigan-mlp': biganMlp };

/** A network, or the generator that goes with it, to be run on one made-up input. */
export interface ForwardRequest {
  readonly name: string;
  /** With its defaults filled in. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly input: ImageShape;
  /** Length of the code that its generator takes, which is then run in its place. */
  readonly latent?: number;
}

/** What comes out, with weights and an input that are functions of names and places: the same wherever it runs. */
export async function forward({ name, config, input, latent }: ForwardRequest): Promise<number[]> {
  const network = (networks as unknown as Record<string, Network>)[name]!;
  const model =
    latent === undefined
      ? network.build(config, input, [0, 0])
      : network.adversaries!(config).generator(latent, input, [0, 0]);
  for (const { name: weight, variable } of modelWeights('', model)) {
    const [low, high] = /gamma|variance/.test(weight) ? [0.5, 2] : [-0.5, 0.5];
    const fanIn = variable.rank > 1 ? variable.size / variable.shape.at(-1)! : 1;
    variable.assign(
      drawn(randomKey(5, weight), variable.shape, low! / Math.sqrt(fanIn / 3), high! / Math.sqrt(fanIn / 3)),
    );
  }
  const shape = model.inputs[0]!.shape.slice(1) as number[];
  const output = model.predictOnBatch(drawn(deriveKey([7, 7], 'input'), [2, ...shape], -1, 1)) as tf.Tensor;
  return [...(await output.data())];
}

function drawn(key: RandomKey, shape: readonly number[], low: number, high: number): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: size }, (_, i) => low + (high - low) * uniform(key, i));
  return tf.tensor(values, [...shape]);
}
