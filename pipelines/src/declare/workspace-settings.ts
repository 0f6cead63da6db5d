import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { parseOrExplain, readJson } from '@selfsup/kit/parse';
import { openRemotes, remotesSchema, type Remotes } from '../remotes/remote-settings.ts';
import type { Workspace } from './workspace.ts';

/** `selfsup.json` at the root of the workspace, which need not be there. */
export const workspaceSettingsSchema = z.strictObject({
  $schema: z.string().optional(),
  exact: z
    .boolean()
    .default(false)
    .describe('Compute again what was computed on another processor or with other threads'),
  remotes: remotesSchema.describe('Where a team keeps its results, by name, in the order in which they are asked'),
});

/** The remotes of `selfsup.json` and the environment. Throws `UserError` naming the field. */
export function remotesOf(workspace: Workspace): Remotes {
  const { settings, file } = readSettings(workspace);
  return openRemotes(workspace.root, settings?.remotes ?? {}, file);
}

function readSettings({ root }: Workspace): { settings?: z.infer<typeof workspaceSettingsSchema>; file: string } {
  const file = join(root, 'selfsup.json');
  return existsSync(file)
    ? { settings: parseOrExplain(workspaceSettingsSchema, readJson(file), file), file }
    : { file };
}

/**
 * Whether results must have been computed in a place like this one: as `asked` on the command line, else by
 * `SELFSUP_EXACT`, else by `selfsup.json`; else not. Throws `UserError` naming the field.
 */
export function wantsExact(workspace: Workspace, asked?: boolean): boolean {
  const { settings } = readSettings(workspace);
  if (asked !== undefined) return asked;
  const variable = process.env['SELFSUP_EXACT'] || undefined;
  if (variable === undefined) return settings?.exact ?? false;
  if (variable === '0' || variable === '1') return variable === '1';
  throw new UserError(`SELFSUP_EXACT is '${variable}'`, { field: 'SELFSUP_EXACT', remedy: 'Use 0 or 1.' });
}
