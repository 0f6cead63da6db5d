// @no-effect-on-results
import type { StepListener } from '@selfsup/engine/compiled-step';
import type { Progress } from '@selfsup/kit/progress';

/** Steps whose reads are looked at: later ones are like them. */
const LOOKED_AT = 3;

/** Says, once for each, which lines of a trainee read a value within the step. */
export class MidStepReads {
  readonly #name: string;
  readonly #progress: Progress;
  readonly #told = new Set<string>();
  #steps = 0;

  constructor(name: string, progress: Progress) {
    this.#name = name;
    this.#progress = progress;
  }

  /** What a step is told to do at a read; nothing after the first steps, since a line is not found for nothing. */
  forStep(): StepListener {
    this.#steps += 1;
    return this.#steps > LOOKED_AT ? {} : { onRead: (line) => this.#tell(line) };
  }

  #tell(line: string | undefined): void {
    if (line === undefined || this.#told.has(line)) return;
    this.#told.add(line);
    this.#progress.note(
      `${this.#name}: ${line} reads a value within the step, which then runs in two parts; a metric that the step returns is read at its end.`,
    );
  }
}
