import { tf } from '@selfsup/engine/tensorflow';
import type { CellMap } from '@selfsup/eval/attention-overlay';
import type { TensorData } from '@selfsup/models/checkpoint';
import { classifier, featureShapeOf } from '@selfsup/models/heads';
import type { ConfiguredNetwork, Network } from '@selfsup/models/network';
import { normalise } from '@selfsup/models/normalise';
import { assignVariables, modelWeights } from '@selfsup/models/weights';
import type { NetworkFacts, NetworkSettings } from './page-data.ts';

/** The code of architectures by name. */
export type NetworkModules = Readonly<Record<string, Network>>;

/** The code of an architecture with its config filled in. */
type NetworkCode = Omit<ConfiguredNetwork, 'name' | 'config'>;

/** What a network makes of one picture. */
export interface Look {
  /** Of each output of its head, summing to 1; empty where it has none that classifies. */
  readonly probabilities: Float32Array;
  /** Of each layer Σ over channels of |activation| at each cell, as `eval/attention-maps` with power 1. */
  readonly attention: readonly { readonly layer: string; readonly map: CellMap }[];
}

/** A network ready to look: under TensorFlow in Node and in any backend of tfjs in a page, from the same source. */
export interface RunningNetwork {
  readonly facts: NetworkFacts;
  readonly layers: readonly string[];
  readonly encoder: tf.LayersModel;
  /** An architecture that its facts name, to build what belongs to it. */
  code(settings: NetworkSettings): NetworkCode;
  /** Gives a model that is called `name` in the checkpoint its weights. Throws `UserError` where they do not fit. */
  withWeights(name: string, model: tf.LayersModel): tf.LayersModel;
  /** `count` pictures `[count, height, width, channels]` of 0..255 as the encoder takes them. To be called in `tf.tidy`. */
  images(pixels: Float32Array, count: number): tf.Tensor4D;
  /** `pixels`: one picture. */
  look(pixels: Float32Array): Promise<Look>;
  /** Of each of `count` pictures the probabilities, `[count, outputs]`; empty where it has no head that classifies. */
  probabilities(pixels: Float32Array, count: number): Promise<Float32Array>;
  dispose(): void;
}

/** An architecture with its config, which was checked when the network was trained. */
function configured(modules: NetworkModules, { name, config }: NetworkSettings): NetworkCode {
  const network = modules[name];
  if (network === undefined) throw new Error(`This page lacks the code of the network '${name}'`);
  return {
    probePoints: network.probePoints(config),
    build: (input, key) => network.build(config, input, key),
    ...(network.embed && { embed: (features, key) => network.embed!(config, features, key) }),
    ...(network.adversaries && { adversaries: network.adversaries(config) }),
  };
}

/** Builds a network with the weights of a checkpoint. Throws `UserError` naming the weight that is missing or of another shape. */
export function runNetwork(
  facts: NetworkFacts,
  modules: NetworkModules,
  tensors: ReadonlyMap<string, TensorData>,
): RunningNetwork {
  const { input, normalisation, outputs } = facts;
  const { build, embed, probePoints: layers } = configured(modules, facts.network);
  const withWeights = (name: string, model: tf.LayersModel): tf.LayersModel => {
    assignVariables(modelWeights(name, model), tensors);
    return model;
  };
  const encoder = withWeights('encoder', build(input, [0, 0]));
  const head = outputs && withWeights('head', classifier(featureShapeOf(encoder), outputs.length, [0, 0], embed));
  const last = encoder.outputs[0]!;
  const probes = layers.map((layer) => encoder.getLayer(layer).output as tf.SymbolicTensor);
  // The last feature map may be a probe point itself.
  const probed = tf.model({ inputs: encoder.inputs, outputs: probes.includes(last) ? probes : [...probes, last] });

  const images = (pixels: Float32Array, count: number): tf.Tensor4D =>
    normalise(tf.tensor4d(pixels, [count, input.height, input.width, input.channels]), normalisation);
  const answer = (features: tf.Tensor): tf.Tensor[] =>
    head === undefined ? [] : [tf.softmax(head.predictOnBatch(features) as tf.Tensor2D)];

  return {
    facts,
    layers,
    encoder,
    code: (settings) => configured(modules, settings),
    withWeights,
    images,
    async look(pixels) {
      const [maps, answers] = tf.tidy(() => {
        const features = [probed.predictOnBatch(images(pixels, 1))].flat();
        return [features.slice(0, layers.length).map((map) => map.abs().sum(-1)), answer(features.at(-1)!)];
      }) as [tf.Tensor[], tf.Tensor[]];
      const [attention, probabilities] = await Promise.all([valuesOf(maps), valuesOf(answers)]);
      return {
        probabilities: probabilities[0] ?? new Float32Array(),
        attention: attention.map((values, at) => {
          const [, height, width] = maps[at]!.shape as [number, number, number];
          return { layer: layers[at]!, map: { values, height, width } };
        }),
      };
    },
    async probabilities(pixels, count) {
      const answers = tf.tidy(() => answer(encoder.predictOnBatch(images(pixels, count)) as tf.Tensor));
      return (await valuesOf(answers))[0] ?? new Float32Array();
    },
    dispose() {
      encoder.dispose();
      head?.dispose();
    },
  };
}

/** Values of tensors, which are freed. */
export async function valuesOf(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  tf.dispose([...tensors]);
  return values;
}
