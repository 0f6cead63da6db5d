import { mkdir } from 'node:fs/promises';
import { randomKey, type RandomKey } from '@selfsup/kit/random';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import type { FeatureSet } from '../../features/feature-set.ts';
import type { FrozenInput } from '../../features/frozen-input.ts';
import { liveTest } from '../../features/test-images.ts';
import { openAugmentedLayers } from '../../heads/augmented-source.ts';
import { openCachedLayers } from '../../heads/cached-source.ts';
import type { FeatureShape, HeadSource } from '../../heads/head-source.ts';
import { jointProbes } from '../../heads/heads.ts';
import { trainLayerHeads } from '../../heads/layer-heads.ts';
import { resolveProbe, type ProbeSubject, type ResolvedProbe } from '../../heads/probe-config.ts';
import type { CachedLayerProbesConfig } from '../cached-layer-probes/config.ts';
import type { LayerProbesConfig } from './config.ts';

type Context = StageContext<LayerProbesConfig | CachedLayerProbesConfig>;

/** Runs `eval/layer-probes`. Throws as `openAugmentedLayers` and `resolveProbe` do. */
export async function runLayerProbes(context: StageContext<LayerProbesConfig>): Promise<StageResult> {
  const { config } = context;
  await mkdir(context.workFolder, { recursive: true });
  const { source, settings } = await openAugmentedLayers<ResolvedProbe & ReturnType<typeof partsOf>>(
    context,
    config.layers,
    'layers',
    (input) => ({ ...resolveProbe(config, subjectOf(input, config.layers)), ...partsOf(config) }),
    liveTest,
    probeKey(context),
  );
  return train(context, source, settings).finally(() => source.close());
}

/** Runs `eval/cached-layer-probes`. Throws as `openCachedLayers` and `resolveProbe` do. */
export async function runCachedLayerProbes(context: StageContext<CachedLayerProbesConfig>): Promise<StageResult> {
  const { config } = context;
  await mkdir(context.workFolder, { recursive: true });
  const { source, settings } = await openCachedLayers(
    context,
    config.layers,
    'layers',
    (features) => resolveProbe(config, cachedSubject(features, config.layers)),
    probeKey(context),
  );
  return train(context, source, settings).finally(() => source.close());
}

// The layers are left out: each is probed alike whatever others are probed beside it.
function probeKey({ seed, config }: Context): RandomKey {
  return randomKey(seed, 'head', 'linear', config.protocol);
}

function partsOf({ train, test, workers }: LayerProbesConfig): Pick<LayerProbesConfig, 'train' | 'test' | 'workers'> {
  return { train, test, workers };
}

function subjectOf({ frozen, dataset, facts }: FrozenInput, layers: readonly string[]): ProbeSubject {
  const { image } = dataset.manifest;
  const { height, width } = frozen.input;
  return {
    network: facts.encoder.network,
    side: height,
    fits: image.encoding === 'raw' && image.height === height && image.width === width,
    shapes: new Map(layers.map((layer, i) => [layer, frozen.shapes[i] as FeatureShape])),
  };
}

function cachedSubject(features: readonly FeatureSet[], layers: readonly string[]): ProbeSubject {
  return {
    network: (features[0] as FeatureSet).description.encoder.network,
    side: undefined,
    fits: false,
    shapes: new Map(layers.map((layer, i) => [layer, (features[i] as FeatureSet).shape])),
  };
}

async function train(context: Context, source: HeadSource, settings: ResolvedProbe): Promise<StageResult> {
  const { layers, testEvery = source.testViews === 1 ? 1 : settings.epochs } = context.config;
  const { batchNorm, batchNormDecay, initialiser } = settings;
  const common = { classes: source.classes.length, key: probeKey(context), batchNorm, batchNormDecay, initialiser };
  const probes = layers.map((layer, i) => {
    const shape = source.shapes[i] as FeatureShape;
    return [layer, { ...common, shape, pooling: settings.pooling[layer] ?? 'none' }] as const;
  });
  const model = jointProbes(Object.fromEntries(probes));
  const name = `linear probes on ${layers.join(', ')}`;
  const probed = probes.map(([layer, { shape, pooling }]) => ({ prefix: layer, layer, shape, pooling, batchNorm }));
  return trainLayerHeads(context, source, settings, { head: 'linear', name, model, testEvery, probed });
}
