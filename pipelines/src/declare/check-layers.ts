import { UserError } from '@selfsup/kit/errors';
import type { Stage } from './stage.ts';

/** A stage with what is known of it before anything runs. */
export interface KnownStage {
  readonly stage: Stage;
  /** Its checked config. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Layers of its own network that can be probed; undefined where it has none, or they are not known. */
  readonly probePoints?: readonly string[] | undefined;
  /** Whether it may name layers that are no probe points. */
  readonly takesAnyLayer: boolean;
}

/** Keys of a config that name layers of the encoder that a stage needs, or of the features. */
const layerKeys = ['layer', 'layers', 'frozen'] as const;

/**
 * Throws `UserError` naming `file` and field where a stage asks for a layer that the network before it does not have, or that
 * the stage before it does not keep features of: else that would be told after hours of training. `knownOf` gives what is
 * known of a stage that another one needs.
 */
export function checkLayers(known: KnownStage, knownOf: (stage: Stage) => KnownStage | undefined, file: string): void {
  const offered = layersFor(known, knownOf);
  if (offered === undefined) return;
  for (const key of layerKeys) {
    const value = known.config[key];
    const names = (Array.isArray(value) ? value : [value]).filter((name) => typeof name === 'string');
    const unknown = names.find((name) => !offered.layers.includes(name));
    if (unknown === undefined) continue;
    throw new UserError(`${offered.by} no layer '${unknown}'`, {
      file,
      field: `stages.${known.stage.name}.config.${key}`,
      remedy: `Use one of: ${offered.layers.join(', ')}${offered.otherwise}.`,
    });
  }
}

interface Offered {
  readonly layers: readonly string[];
  /** Whose they are, for a message. */
  readonly by: string;
  readonly otherwise: string;
}

/** The layers among which a stage chooses; undefined where they are not known. */
function layersFor(known: KnownStage, knownOf: (stage: Stage) => KnownStage | undefined): Offered | undefined {
  const { features, encoder } = known.stage.needs;
  if (features !== undefined) {
    const kept = knownOf(features)?.config['layers'];
    if (!Array.isArray(kept)) return undefined;
    const otherwise = `; or add it to 'layers' of ${features.name}`;
    return { layers: kept as string[], by: `The stage '${features.name}' keeps features of`, otherwise };
  }
  if (encoder === undefined || known.takesAnyLayer) return undefined;
  const layers = probePointsOf(knownOf(encoder), knownOf);
  return layers && { layers, by: `The network of '${encoder.name}' has`, otherwise: '' };
}

/** Of the network that a stage trains, or that it takes over from the stage before it. */
function probePointsOf(
  known: KnownStage | undefined,
  knownOf: (stage: Stage) => KnownStage | undefined,
): readonly string[] | undefined {
  if (known === undefined || known.probePoints !== undefined) return known?.probePoints;
  const { encoder } = known.stage.needs;
  return encoder && probePointsOf(knownOf(encoder), knownOf);
}
