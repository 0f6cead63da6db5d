// @no-effect-on-results
/** A piece of work whose advance is shown: with rate and time left on a terminal, plain lines elsewhere. */
export interface Phase {
  /** `amount` more units are done; `details` (loss, accuracy) are shown beside the rate. */
  advance(amount: number, details?: Readonly<Record<string, number | string>>): void;
  /** Ends the phase with a last line. */
  done(summary?: string): void;
}

/** Where a stage reports what it is doing. Never part of any result. */
export interface Progress {
  /** Starts a phase of `total` units (unknown when undefined); `unit` is a plural noun such as `images`. */
  phase(name: string, total: number | undefined, unit: string, alreadyDone?: number): Phase;
  /** One line of information. */
  note(text: string): void;
  /** One line that should not be missed; `slow`: it says that the work takes too long here. */
  warn(text: string, about?: 'slow'): void;
}
