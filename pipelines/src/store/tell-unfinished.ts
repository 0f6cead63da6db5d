import { relative } from 'node:path';
import { differOnlyInCode } from '../keys/why.ts';
import { misfits, sizeOf, type Unfinished, type Wanted } from './unfinished.ts';

/** How many pieces of unfinished work are listed one by one. */
const mostTold = 3;

/**
 * What lies begun beside what is wanted, a text each: what the next run goes on with (`fitting`), and what it does not, why,
 * and by which commands it does after all, or it is removed. `named` is how commands name the unit.
 */
export async function tellUnfinished(
  all: readonly Unfinished[],
  fitting: Unfinished | undefined,
  wanted: Wanted,
  named: string,
): Promise<string[]> {
  const aside = all.filter((one) => one !== fitting);
  const told = await Promise.all(aside.slice(0, mostTold).map((one) => describeAside(one, wanted, named)));
  const more = aside.length - told.length;
  if (more > 0) told.push(`older unfinished work lies aside too (${more}): selfsup discard ${unitOf(named)}`);
  return told;
}

/** Unfinished work that the next run goes on with, in a line. */
export async function describeFitting(unfinished: Unfinished): Promise<string> {
  return `unfinished work of ${dateOf(unfinished)} UTC (${await whereOf(unfinished)}): the next run goes on with it`;
}

async function describeAside(unfinished: Unfinished, wanted: Wanted, named: string): Promise<string> {
  const { attempt, name } = unfinished;
  const reasons = misfits(unfinished, wanted);
  const takeUp =
    attempt === undefined || reasons.length === 0
      ? []
      : attempt.key === wanted.key
        ? ['It is resumed when that is not asked for.']
        : ['It is resumed as soon as that is as it was.'];
  const accept =
    attempt !== undefined && attempt.key !== wanted.key && differOnlyInCode(attempt.keyParts, wanted.keyParts)
      ? [`To go on with it all the same, at your own risk (the manifest will say so): selfsup accept ${named}`]
      : [];
  return [
    `unfinished work of ${dateOf(unfinished)} UTC lies aside (${await whereOf(unfinished)}), since`,
    ...(reasons.length > 0 ? reasons : ['newer work of the same key is resumed']).map((line) => `  ${line}`),
    ...[...takeUp, ...accept].map((line) => `  ${line}`),
    `  To remove it: selfsup discard ${unitOf(named)} --work ${name}`,
  ].join('\n');
}

function dateOf({ touched }: Unfinished): string {
  return touched.toISOString().slice(0, 16).replace('T', ' ');
}

async function whereOf(unfinished: Unfinished): Promise<string> {
  return `${await sizeOf(unfinished)}, ${relative(process.cwd(), unfinished.folder)}`;
}

/** Work is discarded by the unit alone, whatever it was begun with. */
function unitOf(named: string): string {
  return named.replace(/ --set .*/, '');
}
