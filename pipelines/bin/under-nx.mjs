// Under Nx, which says nothing of a command that a signal ended: the command runs in a child, and who waits for it can name its end.
// It loads nothing but that, so that it takes no time. Plain JavaScript, as what it is imported by.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readTypeScript } from '../../packages/kit/src/files/typescript.mjs';

const nxTask = 'NX_TASK_TARGET_PROJECT';

/** Whether Nx started this process for a command that computes. */
export function isUnderNx() {
  return process.env[nxTask] !== undefined && ['stage', 'ingest'].includes(process.argv[2]);
}

/** Runs this process's command in a child, to which a termination is handed on; gives the exit code. */
export async function inChild() {
  const env = { ...process.env };
  delete env[nxTask];
  const child = spawn(process.execPath, process.argv.slice(1), { env, stdio: 'inherit' });
  let isAsked = false;
  const stop = () => {
    // Terminals and schedulers send a signal to each process, some of them twice.
    if (!isAsked) child.kill('SIGTERM');
    isAsked = true;
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, stop);
  const [code, signal] = await once(child, 'close');
  if (signal === null) return code;
  await readTypeScript();
  const { refuseEnd } = await import('../src/run/ended.ts');
  const { fail } = await import('../src/fail.ts');
  try {
    return refuseEnd(`selfsup ${process.argv.slice(2).join(' ')}`, { code, signal }, isAsked);
  } catch (error) {
    return fail(error);
  }
}
