import { UserError } from '@selfsup/kit/errors';
import { Interrupted } from '@selfsup/kit/stage';
import type { Session } from '../run/session.ts';
import { labelOf } from '../store/published-results.ts';
import { pushResult } from './push.ts';

/**
 * Brings what a stage has just published to the remotes whose settings say so. What fails is told of and fails nothing: the
 * result is here, and `selfsup push` goes on with it. Nothing of a dry run goes anywhere. Throws `Interrupted`.
 */
export async function pushAtEnd(
  session: Session,
  { label, folder, store }: { readonly label: string; readonly folder: string; readonly store: string },
): Promise<void> {
  if (session.dryRunFolder !== undefined) return;
  for (const destination of session.remotes.all.filter(({ push }) => push === 'always')) {
    const progress = session.progress(label);
    try {
      const result = { label: labelOf(session.artifacts, folder), folder, store };
      const pushed = await pushResult(session, destination, result);
      progress.note(
        pushed === 'pushed' ? `pushed to ${destination.remote.name}` : `there already in ${destination.remote.name}`,
      );
    } catch (error) {
      if (error instanceof Interrupted) progress.note('done, but not pushed yet: selfsup push goes on with it');
      if (!(error instanceof UserError)) throw error;
      progress.warn(`It is not pushed (selfsup push goes on with it): ${error.describe()}`);
    }
  }
}
