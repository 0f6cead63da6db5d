import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from './library.ts';

/** A differentiable op of ours, as tfjs sees it. */
export interface OpDefinition<Attributes> {
  /** Name in tfjs's registry and in profiles. */
  readonly name: string;
  readonly forward: (inputs: NamedTensorMap, attributes: Attributes) => Tensor | Tensor[];
  /** Inputs, by name, and outputs, by position, that `backward` needs. */
  readonly saveInputs?: readonly string[];
  readonly saveOutputs?: readonly boolean[];
  /** Gradient of each differentiable input, given that of the first output and what was saved (inputs first). */
  readonly backward: (
    outputGradient: Tensor,
    saved: readonly Tensor[],
    attributes: Attributes,
  ) => Record<string, () => Tensor>;
}

type Kernel = Parameters<typeof tf.registerKernel>[0]['kernelFunc'];

const ours = new Set<string>();

/** Whether an op's gradient reads that of its first output alone: for the others tfjs would make arrays of zeros. */
export function readsFirstGradientOnly(name: string): boolean {
  return ours.has(name);
}

/**
 * Registers an op with its gradient and returns the function that runs it. Inputs that the gradient does not
 * name are treated as constants and must not depend on what is differentiated.
 */
export function defineOp<Attributes extends object>(
  definition: OpDefinition<Attributes>,
): (inputs: NamedTensorMap, attributes: Attributes) => Tensor[] {
  const { name, forward, saveInputs, saveOutputs } = definition;
  tf.registerKernel({
    kernelName: name,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, attrs }) => forward(inputs as NamedTensorMap, attrs as unknown as Attributes),
  });
  replaceGradient(name, {
    ...(saveInputs && { inputsToSave: [...saveInputs] }),
    ...(saveOutputs && { outputsToSave: [...saveOutputs] }),
    gradFunc: (dy, saved, attrs) =>
      definition.backward(Array.isArray(dy) ? dy[0]! : dy, saved, attrs as unknown as Attributes),
  });
  ours.add(name);
  return (inputs, attributes) => {
    const outputs: unknown = tf.engine().runKernel(name, inputs, attributes as never);
    return (Array.isArray(outputs) ? outputs : [outputs]) as Tensor[];
  };
}

/** Puts our gradient in the place of the one that tfjs has for a kernel, if any. */
export function replaceGradient(
  kernelName: string,
  gradient: Omit<Parameters<typeof tf.registerGradient>[0], 'kernelName'>,
): void {
  if (tf.getGradient(kernelName) != null) tf.unregisterGradient(kernelName);
  tf.registerGradient({ kernelName, ...gradient });
}

/** Puts `fast` in the place of tfjs's kernel where it gives a result. */
export function preferring(name: string, fast: (...given: Parameters<Kernel>) => tf.TensorInfo | undefined): void {
  const { kernelFunc: stock } = tf.getKernel(name, 'tensorflow');
  tf.unregisterKernel(name, 'tensorflow');
  tf.registerKernel({
    kernelName: name,
    backendName: 'tensorflow',
    kernelFunc: (given) => fast(given) ?? stock(given),
  });
}
