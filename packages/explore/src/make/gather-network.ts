import { readProbe } from '@selfsup/eval/published-probe';
import type { Metric } from '@selfsup/kit/metric';
import type { TensorData } from '@selfsup/models/checkpoint';
import { loadEncoder } from '@selfsup/models/encoder';
import type { Network } from '@selfsup/models/network';
import { networkSchema } from '@selfsup/models/network-section';
import type { NetworkFacts, NetworkSettings, TrainedProbe, TrainingData } from '../page-data.ts';
import type { Gather, PanelFacts } from '../panel.ts';
import type { NetworkModules } from '../running-network.ts';

/** A network that a page may hold, out of its checkpoint. */
export interface GatheredNetwork {
  readonly facts: NetworkFacts;
  /** The code of the architectures that its facts name. */
  readonly modules: NetworkModules;
  /** Those that the page needs, in the order in which it has them. */
  readonly tensors: ReadonlyMap<string, TensorData>;
}

/** Where a network is published, and what goes with it. */
export interface NetworkSource {
  readonly label: string;
  readonly checkpoint: string;
  /** Blobs of linear probes that were trained on it, with what these measured. */
  readonly probes?: readonly { readonly file: string; readonly metrics: readonly Metric[] }[] | undefined;
  readonly trainedOn?: TrainingData | undefined;
}

/** What the numbers of the head of a task stand for, of tasks whose head classifies the image. */
const headOutputs: Readonly<
  Record<string, (config: Readonly<Record<string, unknown>>, classes: readonly string[]) => readonly string[]>
> = {
  rotnet: ({ quarterTurns }) => (quarterTurns as readonly number[]).map((turns) => `${turns * 90}°`),
  supervised: (_config, classes) => classes,
};

/** Models of a checkpoint for which no panel has a use. */
const unused = ['discriminator/', 'optimizer/'];

/**
 * Reads a network for a page. Throws `UserError` as `loadEncoder`.
 *
 * @param classes of the data that it was trained on
 * @param panels each of which may find more
 */
export async function gatherNetwork(
  { label, checkpoint, probes = [], trainedOn }: NetworkSource,
  classes: readonly string[],
  panels: Readonly<Record<string, PanelFacts>>,
): Promise<GatheredNetwork> {
  const { model, network, input, normalisation, description, tensors } = await loadEncoder(checkpoint);
  model.dispose();
  const { task, taskConfig = {}, epoch, seed } = description;
  const outputs = headOutputs[task]?.(taskConfig, classes);
  const isKnown = outputs !== undefined && tensors.get('head/linear/kernel')?.shape[1] === outputs.length;
  const settings = { name: network.name, config: network.config };
  const modules: Record<string, Network> = { [network.name]: await loadModule(network.name) };
  const named = networkSchema.safeParse(taskConfig['adversaries']).data;
  if (named !== undefined) modules[named.name] = await loadModule(named.name);
  const adversaries = named === undefined ? settings : withDefaults(named, modules);
  const trained = await Promise.all(probes.map(trainedProbe));
  const facts: NetworkFacts = {
    ...(trainedOn !== undefined && { trainedOn }),
    probes: trained.map(({ probe }) => probe),
    ...{ label, task, taskConfig, network: settings, input, normalisation, epoch, seed },
    ...(modules[adversaries.name]!.adversaries !== undefined && { adversaries }),
    ...(isKnown && { outputs }),
    gathered: {},
  };
  return {
    facts: { ...facts, gathered: await gatheredBy(panels, facts) },
    modules,
    tensors: new Map([
      ...[...tensors].filter(([name]) => !unused.some((prefix) => name.startsWith(prefix))),
      ...trained.flatMap((one, i) =>
        [...one.tensors].map(([name, data]) => [name.replace('probe', `probe${i}`), data] as const),
      ),
    ]),
  };
}

async function trainedProbe({ file, metrics }: NonNullable<NetworkSource['probes']>[number]) {
  const { description, tensors } = await readProbe(file);
  const measured = metrics.filter(({ measure, epoch }) => measure === 'top1' && epoch === undefined);
  const top1 = Object.fromEntries(measured.map(({ layer, value }) => [layer ?? '', value]));
  return { probe: { ...description, top1 } satisfies TrainedProbe, tensors };
}

async function loadModule(name: string): Promise<Network> {
  const specifier = `@selfsup/models/networks/${name}`;
  return ((await import(/* @vite-ignore */ specifier)) as { default: Network }).default;
}

function withDefaults({ name, ...config }: { name: string }, modules: NetworkModules): NetworkSettings {
  return { name, config: modules[name]!.schema.parse(config) as NetworkSettings['config'] };
}

async function gatheredBy(
  panels: Readonly<Record<string, PanelFacts>>,
  facts: NetworkFacts,
): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [name, { gather }] of Object.entries(panels)) {
    if (gather === undefined) continue;
    const { default: more } = (await import(/* @vite-ignore */ gather.href)) as { default: Gather };
    const value = await more(facts);
    if (value !== undefined) found[name] = value;
  }
  return found;
}
