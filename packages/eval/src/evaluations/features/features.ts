import type { StageModule } from '@selfsup/kit/stage';
import { featuresSchema, type FeaturesConfig } from '../../features/features-config.ts';

/**
 * Extracts the features of named layers once, un-augmented, from a frozen encoder: part of the training
 * split and the test split, as NumPy files (see `feature-set.ts`) that all evaluations share.
 */
const stage: StageModule<FeaturesConfig> = {
  schema: featuresSchema,
  roles: ['encoder', 'dataset'],
  shares: true,
  run: async (context) => (await import('./run.ts')).extractFeatures(context),
};
export default stage;
