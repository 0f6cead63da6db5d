import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { parseOrExplain, readJson } from './parse.ts';
import type { Workspace } from './workspace.ts';

/** `selfsup.json` at the root of the workspace, which need not be there. */
export const workspaceSettingsSchema = z.strictObject({
  $schema: z.string().optional(),
  exact: z
    .boolean()
    .default(false)
    .describe('Compute again what was computed on another processor or with other threads'),
});

/**
 * Whether results must have been computed in a place like this one: as `asked` on the command line, else by
 * `SELFSUP_EXACT`, else by `selfsup.json`; else not. Throws `UserError` naming the field.
 */
export function wantsExact(workspace: Workspace, asked?: boolean): boolean {
  const file = join(workspace.root, 'selfsup.json');
  const settings = existsSync(file) ? parseOrExplain(workspaceSettingsSchema, readJson(file), file) : undefined;
  if (asked !== undefined) return asked;
  const variable = process.env['SELFSUP_EXACT'] || undefined;
  if (variable === undefined) return settings?.exact ?? false;
  if (variable === '0' || variable === '1') return variable === '1';
  throw new UserError(`SELFSUP_EXACT is '${variable}'`, { field: 'SELFSUP_EXACT', remedy: 'Use 0 or 1.' });
}
