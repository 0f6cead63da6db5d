import { UserError } from '@selfsup/kit/errors';
import type { PublishedNumber } from '@selfsup/report/input';
import { resolvePublished, type PublishedEntry } from '@selfsup/report/published';
import { datasetsNeeded, type Experiment } from '../declare/experiment.ts';

/**
 * The numbers that the entries of an `about.published` stand for. `whose` gives the variant, or the label, that an entry
 * belongs to, `datasets` are those that ours are made on. Throws `UserError` naming file and field for a cell of a published
 * table that does not exist, and for one that is called comparable and cannot be.
 */
export async function publishedNumbers<E extends PublishedEntry>(
  entries: readonly E[] | undefined,
  file: string,
  datasets: readonly string[],
  whose: (entry: E) => string | undefined,
): Promise<PublishedNumber[]> {
  const numbers = await Promise.all(
    (entries ?? []).map(async (entry, i) => {
      try {
        return (await resolvePublished(entry, datasets)).map((number) => ({ ...number, variant: whose(entry) }));
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        throw new UserError(error.message, { file, field: `about.published.${i}`, remedy: error.remedy, cause: error });
      }
    }),
  );
  return numbers.flat();
}

/** What an experiment says of published results, each under its variant where it names one. */
export function publishedOfExperiment(experiment: Experiment): Promise<PublishedNumber[]> {
  const { about, file } = experiment;
  return publishedNumbers(about.published, file, datasetsNeeded(experiment), ({ variant }) => variant);
}
