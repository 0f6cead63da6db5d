import type { NeighbourBinding } from '../cluster/neighbours.ts';
import { prepareSteps } from '../compiled-step/compiled-step.ts';
import { tensorFlowBackend } from '../kernel.ts';

/**
 * Pairs of processes from this level of the tree on add as if they were on different machines: 0 is all of them. To be called before
 * anything is added. Gives what the addon has for neighbours.
 */
export function apartFrom(level: number): NeighbourBinding {
  prepareSteps();
  const backend = tensorFlowBackend() as unknown as { binding: Required<NeighbourBinding> };
  const native = backend.binding;
  const listenForNeighbour = (at: number, name: string): boolean => at < level && native.listenForNeighbour(at, name);
  backend.binding = { ...native, listenForNeighbour };
  return native;
}
