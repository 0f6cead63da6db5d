// @no-effect-on-results
import { tensorFlowBackend } from '@selfsup/engine/kernel';
import type { Progress } from '@selfsup/kit/progress';
import { duration } from '@selfsup/kit/units';

/** Steps that are not timed: the first touch of memory is slow, and so is the first run of a step as a function. */
const WARM_UP = 5;
const TIMED = 2;

/** Wall-clock matters of one run: when to save, when time is up, how long it will take. None of it enters results. */
export class Clock {
  readonly #started = performance.now();
  /** Undefined where there is no limit. */
  readonly maxMinutes: number | undefined;
  #saved = performance.now();
  #stepStarted = performance.now();
  #steps = 0;
  #timed = 0;

  constructor(maxMinutes: number | undefined) {
    this.maxMinutes = maxMinutes;
  }

  get timeIsUp(): boolean {
    return performance.now() - this.#started >= (this.maxMinutes ?? Infinity) * 60_000;
  }

  saveIsDue(everySeconds: number): boolean {
    return performance.now() - this.#saved >= everySeconds * 1000;
  }

  saved(): void {
    this.#saved = performance.now();
  }

  stepBegins(): void {
    this.#stepStarted = performance.now();
  }

  /** Seconds for a step, once, when enough steps were timed. */
  stepEnds(): number | undefined {
    this.#steps += 1;
    if (this.#steps <= WARM_UP) return undefined;
    this.#timed += performance.now() - this.#stepStarted;
    return this.#steps === WARM_UP + TIMED ? this.#timed / TIMED / 1000 : undefined;
  }
}

/** Says what the rest will take, but for less than a minute, and warns where that is over an hour on a CPU. */
export function announceEstimate(secondsPerStep: number, stepsLeft: number, progress: Progress): void {
  const seconds = secondsPerStep * stepsLeft;
  if (seconds < 60) return;
  progress.note(
    `About ${duration(seconds)} for ${stepsLeft} steps of ${secondsPerStep.toPrecision(2)} s, evaluations aside`,
  );
  if (seconds > 3600 && !tensorFlowBackend().isUsingGpuDevice) {
    progress.warn(`On this CPU the training will take about ${duration(seconds)}`, 'slow');
  }
}
