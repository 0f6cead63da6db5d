import type { tf } from '@selfsup/engine/tensorflow';
import type { Pooling } from '../features/pooling-config.ts';
import type { ProbeNorm } from './head-config.ts';
import { jointProbes } from './heads.ts';

/** The linear probe of one layer, as far as it answers: how it was trained is said elsewhere. */
export interface ProbedLayer {
  /** What the names of its weights begin with; empty where it stands alone. */
  readonly prefix: string;
  readonly layer: string;
  /** `[height, width, channels]` of the layer's output. */
  readonly shape: readonly [number, number, number];
  readonly pooling: Pooling;
  readonly batchNorm: ProbeNorm;
}

/** Linear probes that were trained together, of one or several layers of a network. */
export interface ProbeDescription {
  /** As it stands in metrics. */
  readonly protocol: string;
  readonly classes: readonly string[];
  readonly layers: readonly ProbedLayer[];
}

/**
 * Builds probes again: an input of features and an output of logits `[batch, classes]` for each layer. Their weights are yet to
 * be given.
 */
export function buildProbe({ classes, layers }: ProbeDescription): tf.LayersModel {
  const common = { classes: classes.length, key: [0, 0], initialiser: 'gaussian' } as const;
  return jointProbes(Object.fromEntries(layers.map(({ prefix, ...layer }) => [prefix, { ...common, ...layer }])));
}
