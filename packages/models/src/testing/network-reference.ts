import { readFileSync } from 'node:fs';
import { tf } from '@selfsup/engine/tensorflow';
import { embeddingModel, featureShapeOf } from '../building/heads.ts';
import { assignVariables, modelWeights } from '../checkpoint/weights.ts';
import { configureNetwork } from '../network.ts';
import type { ReferenceArray } from './reference.ts';

/** One network as bench/oracles/alexnet_reference.py ran it in PyTorch. */
export interface NetworkReference {
  readonly config: Readonly<Record<string, unknown>>;
  readonly images: { readonly shape: readonly [number, number, number, number]; readonly range: Range };
  /** Of each weight, `<layer>/<weight>`, the range of its values. */
  readonly weights: Readonly<Record<string, Range>>;
  /** Of each layer's output the shape and every `step`-th value. */
  readonly maps: Readonly<Record<string, ReferenceArray & { readonly step: number }>>;
}
type Range = readonly [low: number, high: number];

/** The references beside a test, given its `import.meta.url`. */
export function readReferences(name: string, beside: string): NetworkReference[] {
  return JSON.parse(readFileSync(new URL(`${name}.reference.json`, beside), 'utf8')) as NetworkReference[];
}

/** Values that the script computes in the same way: a hash of name and index, scaled to the range. */
function formula(name: string, shape: readonly number[], [low, high]: Range): Float32Array {
  let seed = 2166136261;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 16777619);
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < values.length; i++) {
    let x = (Math.imul(i, 2654435761) + seed) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x ^= x >>> 16;
    values[i] = low + (high - low) * ((x >>> 0) / 2 ** 32);
  }
  return values;
}

function fill(model: tf.LayersModel, ranges: NetworkReference['weights']): string[] {
  const weights = modelWeights('', model).filter(({ name }) => !name.startsWith('/sobel/'));
  const values = weights.map(({ name, variable }) => {
    const range = ranges[name.slice(1)];
    if (range === undefined) throw new Error(`PyTorch's network has no ${name}`);
    return [name, { shape: variable.shape, data: formula(name.slice(1), variable.shape, range) }] as const;
  });
  assignVariables(weights, new Map(values));
  return weights.map(({ name }) => name.slice(1));
}

/**
 * Builds a network and its embedding with the reference's weights, runs them in inference mode and returns, for each layer
 * in the reference, the largest difference from PyTorch's output. Throws when either network has a weight that the other
 * lacks, or shapes differ.
 */
export async function differencesFromReference(
  network: string,
  reference: NetworkReference,
): Promise<Record<string, number>> {
  const { build, embed } = await configureNetwork({ name: network, ...reference.config });
  const [, height, width, channels] = reference.images.shape;
  const encoder = build({ height, width, channels }, [1, 0]);
  const head = Object.keys(reference.maps).some((name) => name.startsWith('fc'))
    ? embeddingModel(featureShapeOf(encoder), [1, 0], embed)
    : undefined;
  const models = head ? [encoder, head] : [encoder];
  const filled = models.flatMap((model) => fill(model, reference.weights));
  const missing = Object.keys(reference.weights).filter((name) => !filled.includes(name));
  if (missing.length > 0) throw new Error(`Our network has no ${missing.join(', ')}`);
  const differences = tf.tidy(() => {
    let x: tf.Tensor = tf.tensor(formula('image', reference.images.shape, reference.images.range), [
      ...reference.images.shape,
    ]);
    const found: Record<string, number> = {};
    for (const model of models) {
      const last = model.outputs[0]!.sourceLayer.name;
      const names = model.layers.map((layer) => layer.name).filter((name) => name in reference.maps && name !== last);
      names.push(last);
      const outputs = names.map((name) => model.getLayer(name).output as tf.SymbolicTensor);
      const results = [tf.model({ inputs: model.inputs, outputs }).predict(x)].flat();
      names.forEach((name, i) => {
        const expected = reference.maps[name];
        if (expected) found[name] = difference(results[i]!, expected);
      });
      x = results.at(-1)!;
    }
    return found;
  });
  for (const model of models) model.dispose();
  return differences;
}

function difference(ours: tf.Tensor, theirs: NetworkReference['maps'][string]): number {
  if (String(ours.shape) !== String(theirs.shape)) {
    throw new Error(`Shape [${ours.shape.join(', ')}] instead of [${theirs.shape.join(', ')}]`);
  }
  const values = ours.dataSync();
  const bytes = Buffer.from(theirs.base64, 'base64');
  const expected = new Float32Array(new Uint8Array(bytes).buffer);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - values[i * theirs.step]!)), 0);
}
