import { tensorFlowBackend } from '@selfsup/engine/kernel';

/** From now on measures the time in adding with other processes, by messages and in memory; gives the milliseconds when called. */
export function timeOfAdding(): () => number {
  const backend = tensorFlowBackend();
  const execute = backend.executeMultipleOutputs.bind(backend);
  let milliseconds = 0;
  backend.executeMultipleOutputs = (op, ...rest) => {
    if (op !== 'CollectiveReduceV2') return execute(op, ...rest);
    const start = performance.now();
    const results = execute(op, ...rest);
    milliseconds += performance.now() - start;
    return results;
  };
  const { secondsWithNeighbours } = backend.binding as unknown as { secondsWithNeighbours(): number };
  return () => milliseconds + 1000 * secondsWithNeighbours();
}
