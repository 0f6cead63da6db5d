import { UserError } from '@selfsup/kit/errors';
import { ChildFailed } from './run/child-command.ts';

/**
 * Prints an error as its kind deserves and gives the exit code: 130 for a stop that can be gone on from, 75 where another
 * process was lost, and all are to be started again.
 */
export function fail(error: unknown): number {
  const failure = error as Error;
  if (error instanceof ChildFailed) return error.exitCode;
  if (failure.name === 'Interrupted') {
    console.error(`${failure.message}\nRun the same command again to go on.`);
    return 130;
  }
  if (failure.name === 'ProcessLost') {
    console.error(`error: ${failure.message}`);
    return 75;
  }
  // By name too: a part may have loaded its own copy of the class.
  if (error instanceof UserError || failure.name === 'UserError') {
    console.error(`error: ${(failure as UserError).describe()}`);
    return 1;
  }
  console.error(failure.stack ?? String(error));
  return 1;
}
