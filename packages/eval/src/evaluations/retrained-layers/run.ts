import { mkdir } from 'node:fs/promises';
import { UserError } from '@selfsup/kit/errors';
import { randomKey } from '@selfsup/kit/random';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import type { FrozenInput } from '../../features/frozen-input.ts';
import { liveTest } from '../../features/test-images.ts';
import { openAugmentedLayers } from '../../heads/augmented-source.ts';
import type { FeatureShape } from '../../heads/head-source.ts';
import { trainLayerHeads } from '../../heads/layer-heads.ts';
import { withOwnSettings } from '../../heads/own-settings.ts';
import type { RetrainedLayersConfig } from './config.ts';
import { retrainingProtocols, type RetrainingProtocol } from './protocols.ts';
import { upperLayers } from './upper-layers.ts';

const SIDE = 224;
const overridable = ['units', 'epochs', 'batchSize', 'samplesPerEpoch', 'optimizer', 'schedule'] as const;

/** The protocol with the config's settings in place of its own, and which these are. */
function resolve(config: RetrainedLayersConfig) {
  const { source: _, ...published } = retrainingProtocols[config.protocol];
  const { settings, differences } = withOwnSettings(published, config, overridable);
  return {
    ...(settings as Omit<RetrainingProtocol, 'source'> & { readonly samplesPerEpoch?: number }),
    label: `${config.protocol}${differences.length > 0 ? '*' : ''}`,
    differences: differences.map((key) => `'${key}' is overridden`),
  };
}

function refuseOthers({ facts, frozen }: FrozenInput, protocol: string): void {
  const { network } = facts.encoder;
  const { height, width } = frozen.input;
  if (network === 'alexnet' && height === SIDE && width === SIDE) return;
  throw new UserError(
    `The protocol '${protocol}' is published for the network 'alexnet' at ${SIDE} pixels, not '${network}' at ${height}`,
    { field: 'protocol', remedy: "Probe other networks by 'eval/layer-probes' or 'eval/augmented-probe'." },
  );
}

/** Runs `eval/retrained-layers`. Throws as `openAugmentedLayers` does, and `UserError` for another network than AlexNet. */
export async function runRetrainedLayers(context: StageContext<RetrainedLayersConfig>): Promise<StageResult> {
  const { config, seed } = context;
  const { layers, testEvery, train, test, workers } = config;
  const settings = resolve(config);
  const key = randomKey(seed, 'head', 'retrained', config.protocol);
  await mkdir(context.workFolder, { recursive: true });
  const settingsOf = (input: FrozenInput) => {
    refuseOthers(input, config.protocol);
    return { ...settings, dropLast: false, train, test, workers };
  };
  const { source } = await openAugmentedLayers<ReturnType<typeof settingsOf>>(
    context,
    layers,
    'layers',
    settingsOf,
    liveTest,
    key,
  );
  try {
    const byLayer = Object.fromEntries(layers.map((layer, i) => [layer, source.shapes[i] as FeatureShape]));
    const model = upperLayers(byLayer, source.classes.length, settings.units, key);
    const name = `layers above ${layers.join(', ')}`;
    return await trainLayerHeads(context, source, settings, { head: 'retrained', name, model, testEvery });
  } finally {
    await source.close();
  }
}
