import type { tf } from '@selfsup/engine/tensorflow';
import type { TensorData } from '../checkpoint/checkpoint.ts';

/** Gradients by the names of their variables: as tensors, or each made when its turn has come. */
export type Gradients = Readonly<tf.NamedTensorMap> | ((name: string) => tf.Tensor);

/** Updates a fixed set of variables from gradients of the same names. */
export interface Optimizer {
  /**
   * One update. Every variable must have a gradient; gradients stay the caller's to dispose, their values do not stay. Those
   * that are made in their turn are disposed of after it.
   */
  apply(gradients: Gradients, learningRate: number): void;
  /** State to be saved, by `<variable>/<slot>`. */
  slots(): Map<string, TensorData>;
  /** Puts saved state back. Throws `UserError` when a slot is missing or of another shape. */
  restore(slots: ReadonlyMap<string, TensorData>): void;
  /** Forgets all state: as if newly made. */
  reset(): void;
  dispose(): void;
}
