import { UserError } from '@selfsup/kit/errors';
import { parseOrExplain } from '@selfsup/kit/parse';
import { loadStageModule, partFile } from './parts.ts';
import type { Prepared, Stage } from './stage.ts';
import type { Workspace } from './workspace.ts';

/** Loads the module of an experiment's stage and checks config and roles by it. Throws `UserError` naming file and field. */
export async function prepareStage(
  workspace: Workspace,
  file: string,
  { name, uses, declared, needs }: Pick<Stage, 'name' | 'uses' | 'declared' | 'needs'>,
): Promise<Prepared> {
  const field = `stages.${name}`;
  const module = await loadStageModule(workspace, uses, { file, field: `${field}.uses` });
  const config = parseOrExplain(module.schema, declared, file, `${field}.config`);
  const roles = [...module.roles, ...(module.rolesFor?.(config) ?? [])];
  for (const role of roles) {
    if (Object.hasOwn(needs, role)) continue;
    throw new UserError(`Stage '${name}' (${uses}) needs a '${role}'`, {
      file,
      field: `${field}.needs.${role}`,
      remedy: 'Name a stage of this experiment, or data/<dataset>.',
    });
  }
  const optional = module.optionalRoles ?? [];
  for (const role of Object.keys(needs)) {
    if (roles.includes(role) || optional.includes(role)) continue;
    throw new UserError(`Stage '${name}' (${uses}) has no use for a '${role}'`, {
      file,
      field: `${field}.needs.${role}`,
      remedy: `It needs: ${roles.join(', ') || 'nothing'}.${optional.length > 0 ? ` It may have: ${optional.join(', ')}.` : ''}`,
    });
  }
  const parts = module.parts?.(config) ?? [];
  for (const part of parts) partFile(workspace, part, { file, field: `${field}.config` });
  return {
    config,
    identity: declared,
    parts,
    run: (context) => module.run({ ...context, config }),
    shares: module.shares,
    rehearse: module.rehearse && ((context) => module.rehearse!({ ...context, config })),
  };
}
