import { z } from 'zod';
import { cachedProbeSettings } from '../../heads/probe-config.ts';

export const schema = z.strictObject(cachedProbeSettings);
export type CachedLayerProbesConfig = z.infer<typeof schema>;
