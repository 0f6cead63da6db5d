import { z } from 'zod';
import { augmentSchema, type Augment } from '@selfsup/data/augment';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson } from '@selfsup/kit/files';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { scheduleSchema } from '@selfsup/models/schedules';
import { layersSchema } from '../features/features-config.ts';
import { poolingSchema, type Pooling } from '../features/pooling-config.ts';
import { initialiserSchema, probeNormSchema } from './head-config.ts';
import type { FeatureShape } from './head-source.ts';
import { probeProtocols, protocolNames, type ProbeProtocol, type ProtocolName } from './probe-protocols.ts';

/** A published protocol, or `<name>-small`: the same for any network and image size. */
export type ProtocolChoice = ProtocolName | `${ProtocolName}-small`;
const choices = protocolNames.flatMap((name): ProtocolChoice[] => [name, `${name}-small`]);

/** Settings of a protocol's training, each of which a config may replace. */
export const overridableTraining = {
  epochs: z.int().min(1).optional(),
  batchSize: z.int().min(1).optional(),
  /** Draws that make an epoch; the number of images where absent. More go through the images again. */
  samplesPerEpoch: z.int().min(1).optional(),
  optimizer: optimizerSchema.optional(),
  schedule: scheduleSchema.optional(),
};
const overridable = {
  /** By layer. */
  pooling: z.record(z.string(), poolingSchema).optional(),
  batchNorm: probeNormSchema.optional(),
  initialiser: initialiserSchema.optional(),
  ...overridableTraining,
};
const overridableViews = {
  /** Drawn anew for each training image and epoch. */
  augment: augmentSchema.optional(),
  /** Views of the test images. */
  testView: augmentSchema.optional(),
  /** What is averaged over the views of a test image. */
  average: z.enum(['logits', 'softmax']).optional(),
};

/** Settings of probes on cached features. */
export const cachedProbeSettings = {
  protocol: z.enum(choices as [ProtocolChoice, ...ProtocolChoice[]]),
  layers: layersSchema,
  /** Epochs from one test to the next; the last one is tested always. 1 where absent, only the last for several views. */
  testEvery: z.int().min(1).optional(),
  ...overridable,
};
/** Settings of probes on augmented images. */
export const imageProbeSettings = { ...cachedProbeSettings, ...overridableViews };
type Overrides = Partial<z.infer<z.ZodObject<typeof imageProbeSettings>>>;

/** What a protocol is to be applied to. */
export interface ProbeSubject {
  readonly network: string;
  /** Side of the encoder's images in pixels; undefined where features are cached. */
  readonly side: number | undefined;
  /** Whether the stored images have just that size. */
  readonly fits: boolean;
  /** By layer. */
  readonly shapes: ReadonlyMap<string, FeatureShape>;
}

/** A protocol with the overrides of a config, fitted to a network. */
export interface ResolvedProbe extends Omit<ProbeProtocol, 'source' | 'differs' | 'network' | 'side' | 'pooling'> {
  /** As it stands in metrics: the protocol's name, with `*` where anything is not as published. */
  readonly label: string;
  /** Why there is a `*`. */
  readonly differences: readonly string[];
  /** By layer. */
  readonly pooling: Readonly<Record<string, Pooling>>;
  readonly dropLast: false;
  readonly samplesPerEpoch: number | undefined;
}

/**
 * Applies the config's protocol. Throws `UserError` where a published protocol is asked of another network or image
 * size than its own, and for a pooling of a layer that is not probed.
 */
export function resolveProbe(
  config: { readonly protocol: ProtocolChoice } & Overrides,
  subject: ProbeSubject,
): ResolvedProbe {
  const small = config.protocol.endsWith('-small');
  const name = config.protocol.replace(/-small$/, '') as ProtocolName;
  const protocol: ProbeProtocol = probeProtocols[name];
  if (!small) refuseOthers(name, protocol, subject);
  const { augment, testView } = small && subject.side !== undefined ? smallViews(protocol, subject) : protocol;
  const layers = [...subject.shapes.keys()];
  const unknown = Object.keys(config.pooling ?? {}).find((layer) => !layers.includes(layer));
  if (unknown !== undefined)
    throw new UserError(`'pooling' names ${unknown}, which is not probed`, {
      field: `pooling.${unknown}`,
      remedy: `Use one of: ${layers.join(', ')}.`,
    });
  const published = {
    ...protocol,
    augment,
    testView,
    samplesPerEpoch: undefined,
    pooling: Object.fromEntries(
      [...subject.shapes].map(([layer, shape]) => [layer, poolingOf(protocol, layer, small ? shape : undefined)]),
    ),
  };
  const differences = [
    ...(protocol.differs === undefined ? [] : [protocol.differs]),
    ...(subject.side === undefined ? ['cached features: no augmentation, one view of each test image'] : []),
  ];
  const used: Record<string, unknown> = { ...published };
  for (const key of Object.keys({ ...overridable, ...overridableViews }) as (keyof typeof overridableViews)[]) {
    const wanted = (config as Record<string, unknown>)[key];
    if (wanted === undefined) continue;
    const value = key === ('pooling' as string) ? { ...published.pooling, ...(wanted as object) } : wanted;
    if (canonicalJson(value) !== canonicalJson(published[key] ?? null)) differences.push(`'${key}' is overridden`);
    used[key] = value;
  }
  const { source: _source, differs: _differs, network: _network, side: _side, ...settings } = used;
  const label = `${config.protocol}${differences.length > 0 ? '*' : ''}`;
  return { ...(settings as unknown as ResolvedProbe), dropLast: false, label, differences };
}

function refuseOthers(name: ProtocolName, { network, side }: ProbeProtocol, subject: ProbeSubject): void {
  const fitting = subject.network === network && (subject.side ?? side) === side;
  if (fitting) return;
  const given = subject.side === undefined ? `'${subject.network}'` : `'${subject.network}' at ${subject.side} pixels`;
  throw new UserError(
    `The protocol '${name}' is published for the network '${network}' at ${side} pixels, not ${given}`,
    {
      field: 'protocol',
      remedy: `Use '${name}-small', which fits it to any network.`,
    },
  );
}

/** The features of every published probe number at most this. */
const mostFeatures = 9600;

/**
 * The pooling of a layer; fitted to a map of another shape, the same kind with as many bins as give at most 9,600
 * features: the rule that all published sizes follow.
 */
function poolingOf(protocol: ProbeProtocol, layer: string, shape: FeatureShape | undefined): Pooling {
  const number = Math.min(5, Number(/\d+$/.exec(layer)?.[0] ?? 5));
  const published = protocol.pooling[number - 1] as Exclude<Pooling, 'none'>;
  if (shape === undefined) return published;
  const [height, width, channels] = shape;
  const bins = Math.min(height, width, Math.max(1, Math.floor(Math.sqrt(mostFeatures / channels))));
  if ('resize' in published) return { resize: bins };
  return 'max' in published || 'adaptiveMax' in published ? { adaptiveMax: bins } : { adaptiveAverage: bins };
}

/**
 * The protocol's views at another image size: every length in proportion. Stored images that have just that size are not
 * scaled up to be cropped: they are padded by an eighth and cropped to train, and shown whole to test.
 */
function smallViews(
  protocol: ProbeProtocol,
  { side, fits }: ProbeSubject,
): Pick<ProbeProtocol, 'augment' | 'testView'> {
  const scaled = (length: number): number => Math.round((length * (side as number)) / protocol.side);
  const atSide = (view: Augment): Augment => {
    const { randomResizedCrop, resize, randomCrop, within, centreCrop, tenCrop, ...rest } = view;
    return augmentSchema.parse({
      ...rest,
      ...(randomResizedCrop && { randomResizedCrop: { ...randomResizedCrop, size: side } }),
      ...(resize !== undefined && { resize: scaled(resize) }),
      ...(randomCrop !== undefined && { randomCrop: side }),
      ...(within !== undefined && { within: scaled(within) }),
      ...(centreCrop !== undefined && { centreCrop: side }),
      ...(tenCrop !== undefined && { tenCrop: side }),
    });
  };
  const { augment, testView } = protocol;
  const padded = augmentSchema.parse({ padCrop: Math.round((side as number) / 8), flip: true });
  return {
    augment: fits && augment.randomResizedCrop === undefined ? padded : atSide(augment),
    testView: fits && testView.tenCrop === undefined ? {} : atSide(testView),
  };
}
