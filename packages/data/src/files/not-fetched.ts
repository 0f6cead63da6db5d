// @no-effect-on-results
import { UserError } from '@selfsup/kit/errors';

/** Files of a source would have to be fetched, and were not to be. */
export class NotFetched extends UserError {
  override name = 'NotFetched';
}
