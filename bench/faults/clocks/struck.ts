/** What a case of a clock did: `struck` where the clock moved in the moment that was meant, `seen` what was not as it ought to be. */
export interface Struck {
  readonly struck: number;
  readonly lost: number;
  readonly seen: readonly string[];
  readonly about: string;
}
