import { tensorFlowBackend } from '@selfsup/engine/kernel';

/** From now on measures the time in a TensorFlow op that is run by itself; gives the milliseconds so far when called. */
export function timeInOp(name: string): () => number {
  const backend = tensorFlowBackend();
  const execute = backend.executeMultipleOutputs.bind(backend);
  let milliseconds = 0;
  backend.executeMultipleOutputs = (op, ...rest) => {
    if (op !== name) return execute(op, ...rest);
    const start = performance.now();
    const results = execute(op, ...rest);
    milliseconds += performance.now() - start;
    return results;
  };
  return () => milliseconds;
}
