import { batchNorm, batchNormRelu, conv2d, dense as denseLayer } from '@selfsup/engine/layers';
import { globalAveragePool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { gaussian, heFanOut, linearFanOut, uniformFanIn, xavierUniform } from '@selfsup/models/initialisers';
import { poolFeatures } from '../features/pool-features.ts';
import type { Pooling } from '../features/pooling-config.ts';
import type { InitialiserName, ProbeNorm } from './head-config.ts';

/** What every head is built from. */
export interface HeadInput {
  /** `[height, width, channels]` of the features. */
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  readonly key: RandomKey;
  /**
   * Initial weights of linear layers: `torch` uniform in ±1/√fan-in, bias too; with bias 0 `rotnet` N(0, √(2/fan-out)), `xavier`
   * uniform in ±√(6/(in + out)), `gaussian` N(0, 0.01). Convolutions begin as
   * linear layers do with `torch` (PyTorch's default), with N(0, √(2/(k²·filters))) else.
   */
  readonly initialiser: InitialiserName;
}

export interface LinearProbe extends HeadInput {
  readonly pooling: Pooling;
  /** Batch norm before the linear layer: `false` none, `true` without gain and offset, `'affine'` with them. */
  readonly batchNorm: ProbeNorm;
  /** Share of their old value that batch norm's moving statistics keep in a step: 1 less PyTorch's `momentum`; default 0.9. */
  readonly batchNormDecay?: number | undefined;
}

/** Linear probe `[batch, height, width, channels]` to logits `[batch, classes]`. */
export function linearProbe(probe: LinearProbe): tf.LayersModel {
  return jointProbes({ '': probe });
}

/**
 * Linear probes of several layers as one model, so that one loop trains them: an input and an output for each, nothing
 * shared. Layers are named `<name>_<layer>`; the name is left out where it is empty.
 */
export function jointProbes(probes: Readonly<Record<string, LinearProbe>>): tf.LayersModel {
  const parts = Object.entries(probes).map(([prefix, probe]) => {
    const named = (layer: string): string => (prefix === '' ? layer : `${prefix}_${layer}`);
    const input = tf.input({ shape: [...probe.shape], name: named('features') });
    let x = poolFeatures(probe.pooling, named('pool'), input);
    if (probe.batchNorm !== false) {
      const affine = probe.batchNorm === 'affine';
      const decay = probe.batchNormDecay ?? 0.9;
      x = apply(batchNorm({ name: named('norm'), center: affine, scale: affine, decay }), x);
    }
    x = apply(tf.layers.flatten({ name: named('flatten') }), x);
    return { input, output: dense(probe, named('linear'), x, probe.classes, true, 'linear') };
  });
  return tf.model({
    inputs: parts.map(({ input }) => input),
    outputs: parts.map(({ output }) => output),
    name: 'linear',
  });
}

/**
 * RotNet's and AET's classifiers of fully connected layers: `layers` − 1 hidden ones (no bias, batch norm,
 * ReLU), then a linear one. With one layer the features only pass batch norm without gain and offset (AET).
 */
export function fullyConnected(
  head: HeadInput & { readonly layers: 1 | 2 | 3; readonly hidden: number },
): tf.LayersModel {
  const input = tf.input({ shape: [...head.shape], name: 'features' });
  let x: tf.SymbolicTensor = input;
  if (head.layers === 1) x = apply(batchNorm({ name: 'norm', center: false, scale: false }), x);
  x = apply(tf.layers.flatten({ name: 'flatten' }), x);
  for (let i = 1; i < head.layers; i++) {
    x = batchNormRelu({ name: `norm${i}`, reluName: `relu${i}` }).apply(
      dense(head, `hidden${i}`, x, head.hidden, false),
    );
  }
  return tf.model({ inputs: input, outputs: dense(head, 'linear', x, head.classes, true), name: `fc${head.layers}` });
}

/** RotNet's convolutional classifier: 3×3, 1×1, 1×1 units of `width` channels, global average, linear. */
export function convolutional(head: HeadInput & { readonly width: number }): tf.LayersModel {
  const input = tf.input({ shape: [...head.shape], name: 'features' });
  let x: tf.SymbolicTensor = input;
  [3, 1, 1].forEach((kernelSize, i) => {
    const name = `conv${i + 1}`;
    const kernelKey = deriveKey(head.key, name);
    const fanIn = kernelSize * kernelSize * (x.shape[3] as number);
    const kernelInitializer = head.initialiser === 'torch' ? uniformFanIn(kernelKey, fanIn) : heFanOut(kernelKey);
    x = apply(conv2d({ name, filters: head.width, kernelSize, padding: 'same', useBias: false, kernelInitializer }), x);
    x = batchNormRelu({ name: `norm${i + 1}`, reluName: `relu${i + 1}` }).apply(x);
  });
  x = apply(globalAveragePool({ name: 'average' }), x);
  return tf.model({ inputs: input, outputs: dense(head, 'linear', x, head.classes, true), name: 'conv' });
}

/** Which classifier, and its sizes where they are not the usual ones. */
export interface ClassifierKind {
  readonly head: 'fc1' | 'fc2' | 'fc3' | 'conv';
  /** Channels of the conv head; those of the features by default. */
  readonly width?: number | undefined;
  /** Units of the hidden layers; min(20 · classes, 2048) by default. */
  readonly hidden?: number | undefined;
}

/** One of the classifiers of RotNet and AET over frozen features. */
export function classifierHead(kind: ClassifierKind, input: HeadInput): tf.LayersModel {
  if (kind.head === 'conv') return convolutional({ ...input, width: kind.width ?? input.shape[2] });
  const layers = kind.head === 'fc1' ? 1 : kind.head === 'fc2' ? 2 : 3;
  return fullyConnected({ ...input, layers, hidden: kind.hidden ?? Math.min(20 * input.classes, 2048) });
}

/** Any of the heads by name. */
export type HeadKind =
  ClassifierKind | { readonly head: 'linear'; readonly pooling: Pooling; readonly batchNorm: ProbeNorm };

/** The head that a config names, `[batch, height, width, channels]` to logits `[batch, classes]`. */
export function buildHead(kind: HeadKind, input: HeadInput): tf.LayersModel {
  if (kind.head !== 'linear') return classifierHead(kind, input);
  return linearProbe({ ...input, pooling: kind.pooling, batchNorm: kind.batchNorm });
}

function apply(layer: tf.layers.Layer, x: tf.SymbolicTensor): tf.SymbolicTensor {
  return layer.apply(x) as tf.SymbolicTensor;
}

function dense(
  head: HeadInput,
  name: string,
  x: tf.SymbolicTensor,
  units: number,
  useBias: boolean,
  purpose = name,
): tf.SymbolicTensor {
  const fanIn = x.shape.at(-1) as number;
  const kernelKey = deriveKey(head.key, purpose, 'kernel');
  const kernelInitializer = {
    torch: () => uniformFanIn(kernelKey, fanIn),
    rotnet: () => linearFanOut(kernelKey),
    xavier: () => xavierUniform(kernelKey),
    gaussian: () => gaussian(kernelKey, 0.01),
  }[head.initialiser]();
  const torch = head.initialiser === 'torch';
  const biasInitializer = torch ? uniformFanIn(deriveKey(head.key, purpose, 'bias'), fanIn) : tf.initializers.zeros();
  return apply(denseLayer({ name, units, useBias, kernelInitializer, biasInitializer }), x);
}
