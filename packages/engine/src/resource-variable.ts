import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { kernel, nativeAttributes, shape, tensorFlowBackend, type, type KernelAttributes } from './kernel.ts';

let made = 0;

/** Runs an op of TensorFlow on handles; gives the handle of its output where it has one. */
export function executeOnHandles(
  name: string,
  attributes: KernelAttributes,
  inputs: readonly number[],
  outputs: 0 | 1,
) {
  const { binding } = tensorFlowBackend();
  return binding.executeOp(name, nativeAttributes(binding, attributes), inputs, outputs)[0];
}

/**
 * A float32 variable inside TensorFlow, zero at first, which its optimiser ops change in place. tfjs's own variables
 * are tensors that are replaced. Must be disposed.
 */
export class ResourceVariable {
  readonly shape: readonly number[];
  /** What ops take. */
  readonly handle: number;

  constructor(dimensions: readonly number[]) {
    this.shape = [...dimensions];
    // Without a name of its own, variables of one shape would be one.
    const attributes = {
      dtype: type('float32'),
      shape: shape(dimensions),
      container: '',
      shared_name: `v${(made += 1)}`,
    };
    this.handle = executeOnHandles('VarHandleOp', attributes, [], 1)!.id;
  }

  /** Copies the tensor's values. */
  assign(value: Tensor): void {
    const [copy] = kernel('DeepCopy', { T: type('float32') }, [value]);
    this.share(copy!);
    copy!.dispose();
  }

  /**
   * As `assign` without the copy. The tensor must outlive the next change, which then makes a copy: a change in place
   * would else reach the array in JavaScript of which the tensor may have been made.
   */
  share(value: Tensor): void {
    const [id] = tensorFlowBackend().getInputTensorIds([value]);
    executeOnHandles('AssignVariableOp', { dtype: type('float32') }, [this.handle, id!], 0);
  }

  /** Its values as a tensor of the caller's. */
  read(): Tensor {
    const output = executeOnHandles('ReadVariableOp', { dtype: type('float32') }, [this.handle], 1)!;
    const backend = tensorFlowBackend() as unknown as { createOutputTensor(metadata: typeof output): Tensor };
    return backend.createOutputTensor(output);
  }

  dispose(): void {
    executeOnHandles('DestroyResourceOp', { ignore_lookup_error: true }, [this.handle], 0);
    tensorFlowBackend().binding.deleteTensor(this.handle);
  }
}
