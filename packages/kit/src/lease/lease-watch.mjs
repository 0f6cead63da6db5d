// A thread beside lease-keeper.mjs, which waits for as long as the file system makes it wait: ends the process when no rename of
// that one has come to an end for so long that others may soon take the lease over. Does nothing with files itself.
import { write } from 'node:fs';
import { clearInterval, setInterval, setTimeout } from 'node:timers';
import { workerData } from 'node:worker_threads';

// Beats are counted, since a machine may have slept.
const { beats, standstill, patience, lossSignal, words } = workerData;
let heard = 0;
let missed = 0;

const timer = setInterval(() => {
  const beat = Atomics.load(beats, 0);
  missed = beat === heard ? missed + 1 : 0;
  heard = beat;
  if (missed < patience) return;
  clearInterval(timer);
  // Not waited for: what is said may go to the same file system.
  write(2, `error: ${words.silent}\n`, () => undefined);
  setTimeout(() => {
    process.kill(process.pid, lossSignal);
    process.kill(process.pid, 'SIGKILL');
  }, 200);
}, standstill / 12);
