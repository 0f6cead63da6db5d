import { relative } from 'node:path';
import type { Progress } from '@selfsup/engine/progress';
import { sizeOf, misfits, type Unfinished, type Wanted } from './unfinished.ts';
import { differOnlyInCode } from './why.ts';

/** Says that unfinished work is not gone on with, why, and by which commands it is after all, or is removed. */
export async function tellUnfinished(
  progress: Progress,
  unfinished: Unfinished,
  wanted: Wanted,
  { named }: { readonly named: string },
): Promise<void> {
  const { attempt, folder, touched } = unfinished;
  const reasons = misfits(unfinished, wanted);
  const date = touched.toISOString().slice(0, 16).replace('T', ' ');
  const takeUp =
    attempt === undefined || reasons.length === 0
      ? []
      : attempt.key === wanted.key
        ? ['It is gone on with when that is not asked for.']
        : ['It is gone on with as soon as that is as it was.'];
  const accept =
    attempt !== undefined && attempt.key !== wanted.key && differOnlyInCode(attempt.keyParts, wanted.keyParts)
      ? [`To go on with it all the same, at your own risk (the manifest will say so): selfsup accept ${named}`]
      : [];
  progress.note(
    [
      `unfinished work of ${date} UTC lies aside (${await sizeOf(unfinished)}, ${relative(process.cwd(), folder)}), since`,
      ...(reasons.length > 0 ? reasons : ['newer work of the same key is gone on with']).map((line) => `  ${line}`),
      ...[...takeUp, ...accept].map((line) => `  ${line}`),
      `  To remove it: selfsup discard ${named.replace(/ --set .*/, '')} --work ${unfinished.name}`,
    ].join('\n'),
  );
}
