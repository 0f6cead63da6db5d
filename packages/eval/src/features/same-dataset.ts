import type { Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import type { FeatureDescription } from './feature-set.ts';

/** Throws `UserError` for pictures of another dataset, or of other classes: they would stand beside the wrong features. */
export function checkSameDataset({ dataset: { name, digest } }: FeatureDescription, { manifest }: Dataset): void {
  if (digest === manifest.digest) return;
  throw new UserError(`The features are those of dataset ${name}, 'dataset' is another: ${manifest.name}`, {
    field: 'needs.dataset',
    remedy: 'Name the dataset that the features were extracted from.',
  });
}
