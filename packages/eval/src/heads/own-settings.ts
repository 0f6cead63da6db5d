import { canonicalJson } from '@selfsup/kit/files';

/**
 * A protocol's settings with those that a config gives in their place, and the names of those given that are not the
 * protocol's own.
 * @param keys the settings that a config may replace
 */
export function withOwnSettings<Published extends object, Key extends string>(
  published: Published,
  config: { readonly [Name in Key]?: unknown },
  keys: readonly Key[],
): { settings: Published; differences: Key[] } {
  const given = keys.filter((key) => config[key] !== undefined);
  const own = Object.fromEntries(given.map((key) => [key, config[key]]));
  const before = published as Readonly<Record<string, unknown>>;
  const differences = given.filter((key) => canonicalJson(config[key]) !== canonicalJson(before[key] ?? null));
  return { settings: { ...published, ...own }, differences };
}

/** A protocol, and where it was read, with the config's settings in place of its own; its label has a `*` where one of them is another. */
export function resolvedProtocol<Published extends { readonly source: string }, Key extends string>(
  { source, ...published }: Published,
  config: { readonly [Name in Key]?: unknown } & { readonly protocol: string },
  keys: readonly Key[],
) {
  const { settings, differences } = withOwnSettings(published, config, keys);
  return { source, label: `${config.protocol}${differences.length > 0 ? '*' : ''}`, differences, settings };
}
