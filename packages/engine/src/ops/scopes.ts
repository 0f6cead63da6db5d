import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from './library.ts';

interface Scope {
  readonly id: number;
  readonly track: Tensor[];
}

/** What we need of tfjs's engine; its typings keep the scopes private. */
interface ScopedEngine {
  readonly state: { activeScope: Scope | null; readonly scopeStack: Scope[] };
  endScope(result?: unknown): void;
  track(tensor: Tensor): Tensor;
}

const engine = tf.engine() as unknown as ScopedEngine;
const stock = engine.endScope.bind(engine);

/**
 * What each op of tfjs ends with, and each `tf.tidy`: tensors of the scope are disposed of but for the result. tfjs makes
 * three sets for it, whatever the result; it is nearly always one tensor, and has none.
 */
engine.endScope = (result) => {
  const isTensor = result instanceof tf.Tensor;
  if (!isTensor && result != null && typeof result === 'object') return stock(result);
  const { state } = engine;
  const scope = state.activeScope!;
  const { track } = scope;
  for (let i = 0; i < track.length; i++) {
    const tensor = track[i]! as Tensor & { readonly kept: boolean };
    if (!tensor.kept && tensor !== result) tensor.dispose();
  }
  state.scopeStack.pop();
  state.activeScope = state.scopeStack.at(-1) ?? null;
  if (!isTensor) return;
  const { kept, scopeId } = result as Tensor & { readonly kept: boolean; readonly scopeId: number };
  if (!kept && scopeId === scope.id) engine.track(result);
};
