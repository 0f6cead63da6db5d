import { UserError } from '@selfsup/kit/errors';
import type { StageContext, StageInput } from '@selfsup/kit/stage';

/** What the stage needs in this role. Throws `UserError` where it is not given. */
export function requireNeed(context: Pick<StageContext<never>, 'needs'>, role: string): StageInput {
  const input = context.needs[role];
  if (input === undefined) throw new UserError(`This evaluation needs '${role}'`, { field: `needs.${role}` });
  return input;
}
