import { UserError } from '@selfsup/kit/errors';
import type { OpenRemote, Remotes } from './remote-settings.ts';

/**
 * The remote of a name, or the first that will do where none is named. Throws `UserError` with those there are where none is
 * of that name, and where it will not do: `purpose` says for what.
 */
export function chosenRemote(
  { all }: Remotes,
  name: string | undefined,
  willDo: (one: OpenRemote) => boolean,
  purpose: string,
): OpenRemote {
  const named = name === undefined ? all : all.filter(({ remote }) => remote.name === name);
  const chosen = named.find(willDo);
  if (chosen !== undefined) return chosen;
  const there = all.map(({ remote }) => remote.name).join(', ') || 'none';
  throw new UserError(name === undefined ? `No remote may ${purpose}` : `No remote '${name}' may ${purpose}`, {
    field: 'remotes',
    remedy: `There are: ${there}. See docs/team.md for how selfsup.json names one, and when it is written to.`,
  });
}
