// @no-effect-on-results
import { tensorFlowBackend } from '../kernel.ts';

/** What our sources add to the addon (compiled-step/native/neighbours.h): an engine set up by an earlier version lacks it. */
export interface NeighbourBinding {
  listenForNeighbour?(level: number, name: string): boolean;
  connectToNeighbour(level: number, name: string): boolean;
  tryNeighbour(level: number, listened: boolean): boolean;
  forgetNeighbour(level: number): void;
  /** Seconds spent on adding with neighbours, with waiting for them. */
  secondsWithNeighbours(): number;
}

/** One of the two that add at a level of the tree. */
interface Pairing {
  readonly level: number;
  /** What only these two know as theirs. */
  readonly name: string;
  readonly isFirst: boolean;
  /** Whether a truth holds for both. Waits for the other. */
  readonly holdsForBoth: (truth: boolean) => boolean;
}

/**
 * Finds out whether the two that add at a level are processes of one machine that reach each other's memory, which both find alike;
 * then `SelfsupAddNeighbours` adds there.
 */
export function becomeNeighbours({ level, name, isFirst, holdsForBoth }: Pairing): boolean {
  const { binding, isUsingGpuDevice } = tensorFlowBackend();
  const native = binding as unknown as NeighbourBinding;
  const listens = (): boolean => native.listenForNeighbour?.(level, name) ?? false;
  const canBe = !isUsingGpuDevice && native.listenForNeighbour !== undefined;
  // The second one calls when the first listens, and is let in when it has called.
  if (!holdsForBoth(canBe && (!isFirst || listens()))) return false;
  const isReached = holdsForBoth(isFirst || native.connectToNeighbour(level, name));
  const works = holdsForBoth(isReached && native.tryNeighbour(level, isFirst));
  if (!works) native.forgetNeighbour(level);
  return works;
}
