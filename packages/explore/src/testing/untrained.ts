import { join } from 'node:path';
import type { tf } from '@selfsup/engine/tensorflow';
import { buildProbe, type ProbeDescription } from '@selfsup/eval/probe-model';
import { deriveKey, randomKey, type RandomKey } from '@selfsup/kit/random';
import { writeCheckpoint, type Json } from '@selfsup/models/checkpoint';
import { saveEncoder } from '@selfsup/models/encoder';
import { embeddingModel, featureShapeOf } from '@selfsup/models/heads';
import { configureNetwork, type ConfiguredNetwork, type ImageShape } from '@selfsup/models/network';
import { codeHead } from '@selfsup/models/units';
import { modelWeights, variableData } from '@selfsup/models/weights';
import { upsamplingDecoder } from '@selfsup/tasks/aed-decoder';
import { AFFINE_COMPONENTS, PROJECTIVE_COMPONENTS } from '@selfsup/tasks/aet-descriptions';
import { clusterHead, refresh } from '@selfsup/tasks/cluster-head';
import { puzzleHead, tileHead } from '@selfsup/tasks/puzzle-network';
import { buildSiamese } from '@selfsup/tasks/siamese';

/** A system before its training: its config, and what its checkpoint holds beside the encoder. */
interface Untrained {
  readonly task: string;
  readonly taskConfig: Readonly<Record<string, unknown>>;
  readonly network?: { readonly name: string; readonly [setting: string]: unknown };
  heads(encoder: tf.LayersModel, key: RandomKey, network: ConfiguredNetwork): Record<string, tf.LayersModel>;
}

const input: ImageShape = { height: 32, width: 32, channels: 3 };
const puzzle = { fc6: 8, fc7: 16, dropout: 0, start: 'pytorch' } as const;
const siamese =
  (components: number, bounded: boolean): Untrained['heads'] =>
  (encoder, key) => {
    const { embedding, decoder } = buildSiamese(encoder, components, bounded, key);
    return { embedding, decoder };
  };

const systems = {
  aed: {
    task: 'aed',
    taskConfig: { width: 8 },
    heads: (encoder, key) => ({ decoder: upsamplingDecoder(featureShapeOf(encoder), input, 8, key) }),
  },
  affine: {
    task: 'aet',
    taskConfig: { transformation: 'affine', rotation: 180, translation: 0.2, scale: [0.7, 1.3], shear: 30 },
    heads: siamese(AFFINE_COMPONENTS, true),
  },
  projective: {
    task: 'aet',
    taskConfig: { transformation: 'projective', scale: [0.8, 1.2], jitter: 0.125, quarterTurns: true },
    heads: siamese(PROJECTIVE_COMPONENTS, false),
  },
  bigan: {
    task: 'bigan',
    taskConfig: { latent: 6 },
    network: { name: 'bigan-conv', width: 8 },
    heads: (encoder, key, network) => ({
      code: codeHead(featureShapeOf(encoder), 6, key),
      generator: network.adversaries!.generator(6, input, key),
    }),
  },
  deepcluster: {
    task: 'deepcluster',
    taskConfig: { clusters: 10 },
    heads: (encoder, key) => {
      const embedding = embeddingModel(featureShapeOf(encoder), key);
      const head = clusterHead(embedding.outputs[0]!.shape[1]!, 10);
      refresh(head, key);
      return { embedding, head };
    },
  },
  jigsaw: {
    task: 'jigsaw',
    taskConfig: {
      geometry: 'small',
      permutations: { count: 5, rule: 'max-average', seed: 0 },
      tileNormalisation: 'tile',
      head: puzzle,
    },
    network: { name: 'nin', blocks: 1, width: 12 },
    heads: (encoder, key, network) => {
      const tiles = network.build({ ...input, height: 8, width: 8 }, key);
      return {
        tile: tileHead(featureShapeOf(tiles), puzzle, key, network.embed),
        head: puzzleHead(puzzle.fc6, 5, puzzle, key),
      };
    },
  },
  scattering: {
    task: 'random',
    taskConfig: {},
    network: { name: 'scattering', scales: 2 },
    heads: () => ({}),
  },
  large: {
    task: 'random',
    taskConfig: {},
    network: { name: 'nin', blocks: 2, width: 300 },
    heads: () => ({}),
  },
} satisfies Record<string, Untrained>;

/** Writes the checkpoint of a system for images of 32 × 32 that was not trained, and gives its path. */
export async function untrained(folder: string, name: keyof typeof systems): Promise<string> {
  const system: Untrained = systems[name];
  const network = await configureNetwork(system.network ?? { name: 'nin', blocks: 2, width: 12 });
  const encoder = network.build(input, randomKey(1));
  const path = join(folder, `${name}.safetensors`);
  await saveEncoder(
    path,
    { encoder, ...system.heads(encoder, deriveKey([2, 3], name), network) },
    {
      ...{
        task: system.task,
        taskConfig: system.taskConfig,
        step: 10,
        epoch: 2,
        seed: 1,
        batchNormStatistics: 'joint',
      },
      network: { name: network.name, config: network.config },
      normalisation: { mean: [120, 110, 100], std: [60, 61, 62] },
    },
  );
  return path;
}

/** Writes linear probes of four classes that were not trained, of both layers of DeepCluster's network above; gives the path. */
export async function untrainedProbe(folder: string): Promise<string> {
  const common = { batchNorm: true } as const;
  const description: ProbeDescription = {
    protocol: 'test',
    classes: ['circle', 'square', 'star', 'cross'],
    layers: [
      { ...common, prefix: 'conv1', layer: 'conv1', shape: [16, 16, 6], pooling: { adaptiveMax: 3 } },
      { ...common, prefix: 'conv2', layer: 'conv2', shape: [8, 8, 12], pooling: { adaptiveAverage: 3 } },
    ],
  };
  const path = join(folder, 'probe.safetensors');
  const model = buildProbe(description);
  const metadata = description as unknown as Record<string, Json>;
  await writeCheckpoint(path, { tensors: variableData(modelWeights('probe', model)), metadata });
  return path;
}
