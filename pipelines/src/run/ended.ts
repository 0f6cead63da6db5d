import { UserError } from '@selfsup/kit/errors';
import { lossSignal } from '@selfsup/kit/lease';
import { Interrupted } from '@selfsup/kit/stage';
import type { End } from './launch.ts';

/** Thrown when a child command failed: it has told the user why already. */
export class ChildFailed extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`A stage failed with exit code ${exitCode}`);
    this.name = 'ChildFailed';
    this.exitCode = exitCode;
  }
}

/** Thrown when a child command was stopped and ended as it should: it has told the user what to do already. */
export class ChildStopped extends Interrupted {}

/**
 * Throws what the end of a command means: `ChildStopped` where it stopped in order, `Interrupted` where it was stopped, as it was with `isAsked` if it did not end well,
 * `ChildFailed` where it failed, `UserError` naming it where something from outside ended it, so that it could not say why itself.
 */
export function refuseEnd(what: string, { code, signal }: End, isAsked: boolean): void {
  const stopped = isAsked && (signal === null || stopSignals.includes(signal));
  if (code === 130) throw new ChildStopped('Stopped.');
  if (code !== 0 && stopped) throw new Interrupted('Stopped.');
  if (signal === lossSignal) throw new ChildFailed(1);
  if (signal !== null) throw endedFromOutside(what, signal);
  if (code !== 0) throw new ChildFailed(code ?? 1);
}

const stopSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function endedFromOutside(what: string, signal: NodeJS.Signals): UserError {
  const goOn = 'Run the same command again: it goes on from the last save.';
  const label = `${what} was ended by the signal ${signal}`;
  if (signal === 'SIGKILL') {
    return new UserError(`${label}, most likely because the memory of this machine or container was used up`, {
      remedy: `Give it more memory, or ask for less: a smaller batchSize, fewer programs beside it. ${goOn}`,
    });
  }
  if (['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGABRT', 'SIGFPE'].includes(signal)) {
    return new UserError(`${label}: a fault in native code, such as TensorFlow's, or a full memory disk`, {
      remedy: `${goOn} If it ends so again, npx selfsup doctor shows whether the engine is whole.`,
    });
  }
  return new UserError(`${label}, which another program or a scheduler has sent`, { remedy: goOn });
}
