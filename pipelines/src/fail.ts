import { UserError } from '@selfsup/kit/errors';
import { ChildFailed } from './run/ended.ts';

/**
 * Prints an error as its kind deserves (a full disk too, whoever met it) and gives the exit code: 130 for a stop that can be gone on from, 75 where another
 * process was lost, and all are to be started again.
 */
export function fail(error: unknown): number {
  const failure = error as Error;
  if (error instanceof ChildFailed) return error.exitCode;
  if (failure.name === 'Interrupted') {
    console.error(`${failure.message}\nRun the same command again to go on.`);
    return 130;
  }
  if (stoppedCompiler.test(failure.message)) {
    console.error('Stopped while the code was read.\nRun the same command again to go on.');
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
  const disk = ofDisk(failure);
  if (disk !== undefined) {
    console.error(`error: ${disk.describe()}`);
    return 1;
  }
  console.error(failure.stack ?? String(error));
  return 1;
}

/** What esbuild says where its process was stopped: terminals and schedulers send a signal to all processes of a command. */
const stoppedCompiler = /^The service (?:was stopped|is no longer running)/;

const diskFaults: Readonly<Record<string, string | undefined>> = {
  ENOSPC: 'is full',
  EDQUOT: 'is over its quota',
  EIO: 'fails',
  EROFS: 'can only be read',
  ESTALE: 'of another machine is no longer the one that it was',
};

/** What libraries say whose errors have no such code: TensorFlow the system's words; LMDB, once a write has failed, that it panics. */
const diskWords: readonly (readonly [RegExp, string])[] = [
  [/no space left on device/i, 'ENOSPC'],
  [/disk quota exceeded/i, 'EDQUOT'],
  [/input\/output error|MDB_PANIC/i, 'EIO'],
  [/read-only file system/i, 'EROFS'],
];

/** What may happen at any write, wherever it is: said as what it is, with what to do. */
function ofDisk(error: NodeJS.ErrnoException): UserError | undefined {
  // Node says this of a folder that could not be made with those above it, whatever the disk said.
  const isFolder = error.code === 'ENOENT' && error.syscall === 'mkdir';
  const said = (): string | undefined => diskWords.find(([words]) => words.test(error.message))?.[1];
  const fault = diskFaults[error.code ?? ''] ?? diskFaults[said() ?? ''];
  const what = isFolder ? 'takes no folder: it is full, fails or can only be read' : fault;
  if (what === undefined) return undefined;
  return new UserError(`The disk ${what}: ${error.message.replace(/\s+/g, ' ')}`, {
    file: error.path,
    remedy:
      'Make room, or name another disk, and run the same command again: nothing that was saved is lost, and it goes on from there.',
    cause: error,
  });
}
