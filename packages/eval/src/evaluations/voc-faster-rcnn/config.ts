import { z } from 'zod';
import { distinct } from '@selfsup/kit/parse';
import {
  checkHead,
  detectionSettings,
  protocolSettings,
  scaleSchema,
  type ResolvedProtocol,
} from '../../detection/detection-settings.ts';
import { resolvedProtocol } from '../../heads/own-settings.ts';
import { fasterRcnnProtocols, type FasterRcnnName, type FasterRcnnProtocol } from './protocols.ts';

const names = Object.keys(fasterRcnnProtocols) as [FasterRcnnName];

const proposals = z.strictObject({
  /** Anchors of the best scores that are looked at. */
  before: z.int().min(1),
  /** Regions that are left at most. */
  after: z.int().min(1),
});

export const schema = checkHead(
  z.strictObject({
    protocol: z.enum(names),
    ...detectionSettings,
    /** Size of test images. */
    testScale: scaleSchema.optional(),
    /** Of the proposal network's convolution of 3 × 3. */
    filters: z.int().min(1).optional(),
    /** Sides of square anchors, in pixels of the scaled image. */
    sides: distinct(z.number().min(4).max(2000), 'a side').optional(),
    /** Ratios of height to width of anchors. */
    ratios: distinct(z.number().min(0.1).max(10), 'a ratio').optional(),
    /** Anchors of an image that are trained on, at most half of them of objects. */
    anchors: z.int().min(2).optional(),
    /** Proposed regions with a shorter side, in pixels of the stored image, are dropped. */
    leastSide: z.number().min(1).optional(),
    /** How many regions the head is trained on are drawn from. */
    trainProposals: proposals.optional(),
    /** How many regions are looked at in a test image. */
    testProposals: proposals.optional(),
  }),
);
export type VocFasterRcnnConfig = z.infer<typeof schema>;

const overridable = [
  ...protocolSettings,
  ...(['testScale', 'filters', 'sides', 'ratios', 'anchors', 'leastSide', 'trainProposals', 'testProposals'] as const),
];

/** The protocol with the config's settings in place of its own; its label has a `*` where one of them is another. */
export function resolve(config: VocFasterRcnnConfig): ResolvedProtocol<Omit<FasterRcnnProtocol, 'source'>> {
  const published: FasterRcnnProtocol = fasterRcnnProtocols[config.protocol];
  return resolvedProtocol(published, config, overridable);
}
