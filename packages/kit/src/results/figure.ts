/** Something that a stage found and a report shows: a curve, a confusion matrix, pictures. Plain data of its kind. */
export interface Figure<Data = unknown> {
  /** Name of the file that describes the kind, such as `confusion`: `packages/report/src/figures/kinds/confusion.ts`. */
  readonly kind: string;
  /** What the kind's schema describes; pictures in it are the bytes of PNG files. */
  readonly data: Data;
}
