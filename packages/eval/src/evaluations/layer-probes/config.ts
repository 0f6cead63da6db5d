import { z } from 'zod';
import { imageSplits } from '../../features/features-config.ts';
import { imageProbeSettings } from '../../heads/probe-config.ts';

export const schema = z.strictObject({
  ...imageProbeSettings,
  ...imageSplits,
  /** Loader threads. Changes no result. */
  workers: z.int().min(0).default(1),
});
export type LayerProbesConfig = z.infer<typeof schema>;
