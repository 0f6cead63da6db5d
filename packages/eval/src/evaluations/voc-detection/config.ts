import { z } from 'zod';
import {
  checkHead,
  detectionSettings,
  protocolSettings,
  scaleSchema,
  type ResolvedProtocol,
} from '../../detection/detection-settings.ts';
import { resolvedProtocol } from '../../heads/own-settings.ts';
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
  const published: DetectionProtocol = detectionProtocols[config.protocol];
  return resolvedProtocol(published, config, [...protocolSettings, 'testScales']);
}
