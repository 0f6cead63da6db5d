import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Around } from '../train-step/timing.ts';

/**
 * For processes that share nothing but the time at which they are measured: each writes a file when it is warm, and one when it
 * has been timed, into the folder BENCH_BESIDE, and looks for those of all BENCH_BESIDE_COUNT. Nothing where it is alone.
 */
export function besideOthers(): Around {
  const { BENCH_BESIDE: folder, BENCH_BESIDE_COUNT: count } = process.env;
  if (folder === undefined) return {};
  const say = (what: string): void => writeFileSync(join(folder, `${what}-${process.pid}`), '');
  const allHave = (what: string): boolean =>
    readdirSync(folder).filter((name) => name.startsWith(`${what}-`)).length === Number(count);
  let isTimed = false;
  return {
    begin() {
      say('warm');
      const clock = new Int32Array(new SharedArrayBuffer(4));
      while (!allHave('warm')) Atomics.wait(clock, 0, 0, 2);
    },
    isOver() {
      if (!isTimed) say('timed');
      isTimed = true;
      return allHave('timed');
    },
  };
}
