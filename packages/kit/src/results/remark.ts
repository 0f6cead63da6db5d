/** Something that whoever reads numbers must know: of a dataset, or of the numbers of a stage. */
export interface Remark {
  /** Such as `class-without-test-images`. */
  readonly kind: string;
  /** Sentences. */
  readonly message: string;
}
