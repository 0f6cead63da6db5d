/** Timed runs of each kind. */
const TRIALS = 4;

/**
 * Whether a function of few numbers is done sooner by the calling thread alone or with the help of others: that depends on the
 * machine and on what the ops are. Both are tried in turns, and the faster is kept to. Results are the same to the bit.
 */
export class Pace {
  // Of the first run nothing is said: it makes the function ready.
  #runs = -1;
  #alone = Infinity;
  #together = Infinity;

  /** Whether the next run is for the calling thread alone. */
  get alone(): boolean {
    return this.#runs < 2 * TRIALS ? this.#runs % 2 === 0 : this.#alone <= this.#together;
  }

  /** Tells what the run took that `alone` was asked for. */
  took(milliseconds: number): void {
    if (this.#runs >= 2 * TRIALS) return;
    if (this.#runs < 0) this.#runs = 0;
    else {
      if (this.alone) this.#alone = Math.min(this.#alone, milliseconds);
      else this.#together = Math.min(this.#together, milliseconds);
      this.#runs += 1;
    }
  }
}
