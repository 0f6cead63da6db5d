import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu';
import {
  fixedAttributes,
  kernel,
  nativeAttributes,
  shape,
  tensorFlowBackend,
  type,
  type NativeAttribute,
} from '../kernel.ts';
import { prepareSteps } from '../compiled-step/compiled-step.ts';
import { tf } from '../ops/library.ts';

let made = 0;

/** Where tfjs keeps the handle of a tensor, and how many tensors have it. */
interface Held {
  id: number;
  refCount: number;
}

interface Backend {
  readonly tensorMap: { get(dataId: object): Held; has(dataId: object): boolean };
  readonly binding: { deleteTensor(id: number): void };
}

/** Runs an op of TensorFlow on handles; gives the handle of its output where it has one. */
export function executeOnHandles(
  name: string,
  attributes: NativeAttribute[],
  inputs: readonly number[],
  outputs: 0 | 1,
) {
  return tensorFlowBackend().binding.executeOp(name, attributes, inputs, outputs)[0];
}

const ofFloats = fixedAttributes({ dtype: type('float32') });
const destroying = fixedAttributes({ ignore_lookup_error: true });

/**
 * A float32 variable inside TensorFlow, zero at first, which its optimiser ops change in place. tfjs's own variables
 * are tensors that are replaced. Must be disposed.
 */
export class ResourceVariable {
  readonly shape: readonly number[];
  /** What ops take. */
  readonly handle: number;
  /** What `updating` last gave a variable. */
  #lent: Held | undefined;
  /** Releases the handle of it. */
  #takeBack: () => void = () => {};
  /** Leaves it with a handle of its own. */
  #leave: () => void = () => {};

  constructor(dimensions: readonly number[]) {
    this.shape = [...dimensions];
    prepareSteps();
    // Without a name of its own, variables of one shape would be one.
    const attributes = {
      dtype: type('float32'),
      shape: shape(dimensions),
      container: '',
      shared_name: `v${(made += 1)}`,
    };
    const native = nativeAttributes(tensorFlowBackend().binding, attributes);
    this.handle = executeOnHandles('VarHandleOp', native, [], 1)!.id;
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
    executeOnHandles('AssignVariableOp', ofFloats(), [this.handle, id!], 0);
  }

  /** Its values as a tensor of the caller's. */
  read(): Tensor {
    const output = executeOnHandles('ReadVariableOp', ofFloats(), [this.handle], 1)!;
    const backend = tensorFlowBackend() as unknown as { createOutputTensor(metadata: typeof output): Tensor };
    return backend.createOutputTensor(output);
  }

  /** Zeros, made inside TensorFlow. */
  clear(): void {
    tf.tidy(() => this.share(tf.fill([...this.shape], 0)));
  }

  /** Lets go of its values: it must be given others before it is used again. */
  forget(): void {
    executeOnHandles('DestroyResourceOp', destroying(), [this.handle], 0);
  }

  dispose(): void {
    this.#leave();
    this.forget();
    tensorFlowBackend().binding.deleteTensor(this.handle);
  }

  /**
   * Lets `update` change a tfjs variable of the same shape by way of this one. In place where the variable still has the
   * memory that an earlier call gave it and nobody else uses it; else in a copy, so that neither clones of the variable
   * nor the array in JavaScript from which it may have been made see the change.
   */
  updating(variable: Variable, update: () => void): void {
    const { tensorMap } = tensorFlowBackend() as unknown as Backend;
    const held = tensorMap.get(variable.dataId);
    if (held === this.#lent && held.refCount === 1) {
      this.#takeBack();
      update();
      return;
    }
    this.share(variable);
    update();
    const changed = this.read();
    variable.assign(changed);
    changed.dispose();
    this.#lend(variable.dataId);
  }

  /**
   * The tensor's values as `update` changes them by way of this variable: in the tensor's own memory, whose values are
   * then the changed ones, where nobody else uses it; else in a copy. The tensor must not have been made from an array in
   * JavaScript that is needed later. The result is the caller's, or the tensor itself.
   */
  changing(value: Tensor, update: () => void): Tensor {
    const { tensorMap, binding } = tensorFlowBackend() as unknown as Backend;
    const held = tensorMap.get(value.dataId);
    this.share(value);
    if (held.refCount > 1) {
      update();
      return this.read();
    }
    binding.deleteTensor(held.id);
    update();
    held.id = this.#readHandle();
    return value;
  }

  #readHandle(): number {
    return executeOnHandles('ReadVariableOp', ofFloats(), [this.handle], 1)!.id;
  }

  /**
   * From now on the tensor is read from this variable when it is first asked for, so that between an update and the next
   * step there is no handle of it: inside a recorded step the weights are neither argument nor result.
   */
  #lend(dataId: object): void {
    const { tensorMap, binding } = tensorFlowBackend() as unknown as Backend;
    const held = tensorMap.get(dataId);
    let id: number | undefined = held.id;
    this.#lent = held;
    this.#takeBack = () => {
      if (id !== undefined) binding.deleteTensor(id);
      id = undefined;
    };
    this.#leave = () => {
      if (tensorMap.has(dataId)) id ??= this.#readHandle();
    };
    Object.defineProperty(held, 'id', { get: () => (id ??= this.#readHandle()), enumerable: true });
  }
}
