import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-node-gpu';

/** One recorded operation of tfjs's tape. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: NamedTensorMap;
  readonly outputs: Tensor[];
  readonly saved?: Tensor[];
  readonly gradient?: (outputGradients: (Tensor | undefined)[]) => Record<string, () => Tensor>;
  /** What the op was asked for with. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Whether its gradient is a function that a caller gave it, which may depend on anything. */
  readonly isCustom?: boolean;
}
