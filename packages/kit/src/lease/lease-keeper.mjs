// The worker thread that keeps a lease: it renames the held file every so often, also while TensorFlow blocks the main
// thread. Plain JavaScript, since a worker does not inherit the hooks that read TypeScript.
import { existsSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';
import { parentPort, workerData } from 'node:worker_threads';

const { folder, token, standstill, endProcess, lossSignal, beats, words } = workerData;
const held = (beat) => join(folder, `held-${token}-${beat}`);
let beat = 0;
let since = performance.now();
let timer;

/** Renames the held file: succeeds exactly as long as nobody has taken it. */
function hold() {
  try {
    renameSync(held(beat), held(beat + 1));
  } catch (error) {
    // A network disk may lose the answer to a rename that was done.
    if (!existsSync(held(beat + 1))) {
      if (error.code === 'ENOENT') return lose(existsSync(folder) ? 'taken' : 'gone');
      if (performance.now() - since >= standstill) return lose('silent');
      return { error: error.message };
    }
  }
  beat += 1;
  Atomics.store(beats, 0, beat);
  since = performance.now();
  return {};
}

function lose(lost) {
  clearInterval(timer);
  if (endProcess) {
    writeSync(2, `error: ${words[lost]}\n`);
    // The main thread ends the process; where it is busy, it must not come to writing anything.
    setTimeout(() => {
      process.kill(process.pid, lossSignal);
      process.kill(process.pid, 'SIGKILL'); // where the first is ignored
    }, 200);
  }
  parentPort.postMessage({ lost });
  return { lost };
}

/** Gives the lease back: nothing but an empty folder is ever seen, and that is free to take. */
function release() {
  clearInterval(timer);
  if (hold().lost !== undefined) return;
  for (const name of readdirSync(folder)) if (!name.startsWith('held-')) rmSync(join(folder, name), { force: true });
  unlinkSync(held(beat));
  try {
    rmdirSync(folder);
  } catch {
    // The next one is in it already.
  }
}

parentPort.on('message', ({ id, what }) => {
  try {
    parentPort.postMessage({ id, ...(what === 'confirm' ? hold() : release()) });
  } catch (error) {
    parentPort.postMessage({ id, error: error.message });
  }
});
timer = setInterval(hold, standstill / 12);
