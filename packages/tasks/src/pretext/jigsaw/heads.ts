import { dense, dropout } from '@selfsup/engine/layers';
import { globalAveragePool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { embeddingModel, type FeatureShape } from '@selfsup/models/heads';
import type { Embed } from '@selfsup/models/network';
import { gaussianInit, pytorchInit, type LayerInit } from '@selfsup/models/units';
import type { JigsawConfig } from './config.ts';
import { TILES } from './permutations.ts';

type HeadConfig = JigsawConfig['head'];

/** A matrix product with bias, then ReLU and dropout. */
function unit(
  input: tf.SymbolicTensor,
  name: string,
  units: number,
  start: LayerInit,
  rate: number,
): tf.SymbolicTensor {
  const product = dense({ name, units, ...start(name, input.shape[1]!) }).apply(input);
  const activated = tf.layers.reLU({ name: `${name}_relu` }).apply(product) as tf.SymbolicTensor;
  if (rate === 0) return activated;
  return dropout({ name: `${name}_dropout`, rate }).apply(activated) as tf.SymbolicTensor;
}

function starts(config: HeadConfig, key: RandomKey): { hidden: LayerInit; last: LayerInit } {
  if (config.start === 'pytorch') return { hidden: pytorchInit(key), last: pytorchInit(key) };
  return { hidden: gaussianInit(key, 0.005, 1), last: gaussianInit(key, 0.01) };
}

/**
 * fc6, which all tiles share: the last feature map of a tile `[tiles, height, width, channels]` to a vector `[tiles,
 * units]`; the network's own embedding where the config names no units.
 */
export function tileHead(
  features: FeatureShape,
  config: HeadConfig,
  key: RandomKey,
  embed: Embed | undefined,
): tf.LayersModel {
  const { fc6, dropout: rate } = config;
  if (fc6 === undefined) return embeddingModel(features, key, embed);
  return embeddingModel(features, key, (map, own) => {
    const average = globalAveragePool({ name: 'average' }).apply(map) as tf.SymbolicTensor;
    return unit(average, 'fc6', fc6, starts(config, own).hidden, rate);
  });
}

/** fc7 and the last layer: the vectors of nine tiles side by side `[batch, 9 · units]` to logits `[batch, classes]`. */
export function puzzleHead(units: number, classes: number, config: HeadConfig, key: RandomKey): tf.LayersModel {
  const start = starts(config, deriveKey(key, 'puzzle'));
  const tiles = tf.input({ shape: [TILES * units], name: 'tiles' });
  const fc7 = unit(tiles, 'fc7', config.fc7, start.hidden, config.dropout);
  const logits = dense({ name: 'fc8', units: classes, ...start.last('fc8', config.fc7) }).apply(fc7);
  return tf.model({ inputs: tiles, outputs: logits as tf.SymbolicTensor, name: 'puzzle' });
}
