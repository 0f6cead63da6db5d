import type { UserError } from '../errors.ts';

/**
 * How much of its work a stage does. The runner decides: all of it or, in a dry run, two batches of one epoch. A stage takes
 * the lesser of what its config asks for and what is given here.
 */
export interface Extent {
  /** Of a training, or iterations of what is fitted. */
  readonly epochs: number;
  /** Of an epoch or a test. */
  readonly batches: number;
  /** Of what is done image by image. */
  readonly images: number;
  /** Of the same with other draws or settings. */
  readonly repeats: number;
  /** Throws what is refused because there are too few images, unless few are given on purpose. */
  tooFew(refusal: UserError): void;
  /** `wanted`, or where few images are given on purpose at most what `there` is. Throws as `tooFew` where it is less. */
  fit(wanted: number, there: number, refusal?: () => UserError): number;
}

export const wholeWork: Extent = {
  epochs: Infinity,
  batches: Infinity,
  images: Infinity,
  repeats: Infinity,
  tooFew(refusal) {
    throw refusal;
  },
  fit(wanted, there, refusal) {
    if (wanted > there && refusal !== undefined) throw refusal();
    return wanted;
  },
};

export const dryRun: Extent = {
  epochs: 1,
  batches: 2,
  images: 20,
  repeats: 1,
  tooFew: () => undefined,
  fit: (wanted, there) => Math.min(wanted, there),
};

/** The first batches, at most `count`. */
export async function* firstOf<Batch>(batches: AsyncIterable<Batch>, count: number): AsyncGenerator<Batch> {
  let given = 0;
  for await (const batch of batches) {
    yield batch;
    if (++given >= count) return;
  }
}
