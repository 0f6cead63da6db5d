import { z } from 'zod';
import {
  checkHead,
  detectionSettings,
  protocolSettings,
  scaleSchema,
  type ResolvedProtocol,
} from '../../detection/detection-settings.ts';
import { withOwnSettings } from '../../heads/own-settings.ts';
import { detectionProtocols, type DetectionProtocol, type ProtocolName } from './protocols.ts';

const names = Object.keys(detectionProtocols) as [ProtocolName];

export const schema = checkHead(
  z.strictObject({
    protocol: z.enum(names),
    ...detectionSettings,
    /** Sizes of test images: each region is looked at at the best of them. */
    testScales: z.array(scaleSchema).min(1).optional(),
  }),
);
export type VocDetectionConfig = z.infer<typeof schema>;

/** The protocol with the config's settings in place of its own; its label has a `*` where one of them is another. */
export function resolve(config: VocDetectionConfig): ResolvedProtocol<Omit<DetectionProtocol, 'source'>> {
  const { source, ...published }: DetectionProtocol = detectionProtocols[config.protocol];
  const { settings, differences } = withOwnSettings(published, config, [...protocolSettings, 'testScales']);
  const label = `${config.protocol}${differences.length > 0 ? '*' : ''}`;
  return { source, label, differences, settings };
}
