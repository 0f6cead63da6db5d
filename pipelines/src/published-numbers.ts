import type { PublishedNumber } from '@selfsup/eval/report';
import { type PublishedEntry, resolvePublished } from '@selfsup/eval/published';
import { UserError } from '@selfsup/engine/errors';

/**
 * The numbers that the entries of an `about.published` stand for. `whose` gives the variant, or the label, that an entry
 * belongs to. Throws `UserError` naming file and field for a cell of a published table that does not exist.
 */
export async function publishedNumbers<E extends PublishedEntry>(
  entries: readonly E[] | undefined,
  file: string,
  whose: (entry: E) => string | undefined,
): Promise<PublishedNumber[]> {
  const numbers = await Promise.all(
    (entries ?? []).map(async (entry, i) => {
      try {
        return (await resolvePublished(entry)).map((number) => ({ ...number, variant: whose(entry) }));
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        throw new UserError(error.message, { file, field: `about.published.${i}`, remedy: error.remedy, cause: error });
      }
    }),
  );
  return numbers.flat();
}
