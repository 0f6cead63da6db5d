import { join } from 'node:path';
import type { ZodType } from 'zod';
import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { partNames } from '@selfsup/kit/parts';
import type { RandomKey } from '@selfsup/kit/random';
import type { Adversaries } from './adversaries.ts';
import type { ImageShape } from './building/image-size.ts';
import type { NetworkSection } from './building/network-section.ts';

export type { ImageShape };

/** An encoder architecture: default export of `packages/models/src/networks/<name>/<name>.ts`. */
export interface Network<Config = unknown> {
  /** Checks the `network` section of a config, without its `name`. Strict: unknown keys are errors. */
  readonly schema: ZodType<Config>;
  /**
   * Builds the encoder with weights drawn from `key`: `[batch, height, width, channels]` to the last feature
   * map, probe points being layers of the names given by `probePoints`.
   */
  build(config: Config, input: ImageShape, key: RandomKey): tf.LayersModel;
  probePoints(config: Config): string[];
  /**
   * From the last feature map `[batch, height, width, channels]` to the vector `[batch, units]` below a classifier, such
   * as AlexNet's fc6 and fc7, its weights drawn from `key`. Global average pooling where absent.
   */
  embed?(config: Config, features: tf.SymbolicTensor, key: RandomKey): tf.SymbolicTensor;
  /** The generator and discriminator that go with this encoder in a bidirectional GAN. */
  adversaries?(config: Config): Adversaries;
}

/** `Network.embed` with its config filled in. */
export type Embed = (features: tf.SymbolicTensor, key: RandomKey) => tf.SymbolicTensor;

/** A network with its checked config, ready to be built. */
export interface ConfiguredNetwork {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly probePoints: readonly string[];
  build(input: ImageShape, key: RandomKey): tf.LayersModel;
  /** Absent where the vector below a classifier is the global average of the last feature map. */
  readonly embed?: Embed;
  /** Absent where the network has no generator and discriminator. */
  readonly adversaries?: Adversaries;
}

/** Loads a network by name. Throws `UserError` listing the names there are. */
async function loadNetwork(name: string): Promise<Network> {
  const names = partNames(join(import.meta.dirname, '..'));
  if (!names.includes(name)) {
    throw new UserError(`There is no network '${name}'`, {
      field: 'network.name',
      remedy: `Name one of those that exist: ${names.join(', ')}.`,
    });
  }
  const specifier = `@selfsup/models/networks/${name}`;
  return ((await import(/* @vite-ignore */ specifier)) as { default: Network }).default;
}

/** Loads the network that a config section names and checks the rest of the section with its schema. */
export async function configureNetwork(section: NetworkSection): Promise<ConfiguredNetwork> {
  const { name, ...rest } = section;
  const network = await loadNetwork(name);
  const parsed = network.schema.safeParse(rest);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError(`The network '${name}' does not accept its config: ${issue.message}`, {
      field: ['network', ...issue.path].join('.'),
    });
  }
  const config = parsed.data;
  return {
    name,
    config: config as Record<string, unknown>,
    probePoints: network.probePoints(config),
    build: (input, key) => network.build(config, input, key),
    ...(network.embed && {
      embed: (features: tf.SymbolicTensor, key: RandomKey) => network.embed!(config, features, key),
    }),
    ...(network.adversaries && { adversaries: network.adversaries(config) }),
  };
}
