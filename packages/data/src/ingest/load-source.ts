import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { partNames } from '@selfsup/kit/parts';
import type { Source } from '../source.ts';

/** The source called `name`. Throws `UserError` listing those that exist. */
export async function loadSource(name: string, file?: string, field?: string): Promise<Source> {
  const known = partNames(join(import.meta.dirname, '../..'));
  if (!known.includes(name)) {
    throw new UserError(`There is no data source "${name}"`, {
      file,
      field,
      remedy: `Use one of: ${known.join(', ')}.`,
    });
  }
  const module = (await import(`@selfsup/data/sources/${name}`)) as { default: Source };
  return module.default;
}
