import type { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '../checkpoint/checkpoint.ts';

/** Updates a fixed set of variables from gradients of the same names. */
export interface Optimizer {
  /** One update. Every variable must have a gradient; gradients stay the caller's to dispose, their values do not stay. */
  apply(gradients: Readonly<tf.NamedTensorMap>, learningRate: number): void;
  /** State to be saved, by `<variable>/<slot>`. */
  slots(): Map<string, TensorData>;
  /** Puts saved state back. Throws `UserError` when a slot is missing or of another shape. */
  restore(slots: ReadonlyMap<string, TensorData>): void;
  /** Forgets all state: as if newly made. */
  reset(): void;
  dispose(): void;
}
