import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { eagerly } from '../compiled-step/compiled-step.ts';
import { tensorFlowBackend, type NativeBinding } from '../kernel.ts';
import { tf } from '../ops/library.ts';

/** All calls of one TensorFlow op. */
interface OpProfile {
  readonly name: string;
  readonly calls: number;
  /** Time on the clock inside the op, in milliseconds. */
  readonly milliseconds: number;
  /** Part of the whole time, 0 to 1. */
  readonly share: number;
  /** Size of what the calls returned, in bytes. */
  readonly bytes: number;
}

/** Where the time of a function went. */
export interface Profile {
  /** Slowest first. */
  readonly ops: readonly OpProfile[];
  /** Whole time on the clock, in milliseconds. */
  readonly milliseconds: number;
  /** What is left after the ops: JavaScript, and the way into the library and back. */
  readonly outsideMilliseconds: number;
}

interface Sum {
  calls: number;
  milliseconds: number;
  bytes: number;
}

/**
 * Runs `f` and measures each TensorFlow op in it. On a CPU an op is done when its call returns; on a GPU most calls
 * only queue work, and the times say little. Set `shapes` to list ops by their first output's shape too.
 */
export function profile(f: () => void, { shapes = false } = {}): Profile {
  const backend = tensorFlowBackend() as { binding: NativeBinding };
  const { binding } = backend;
  const sums = new Map<string, Sum>();
  const measured: NativeBinding['executeOp'] = (name, attributes, inputs, outputs) => {
    const start = performance.now();
    const result = binding.executeOp(name, attributes, inputs, outputs);
    const milliseconds = performance.now() - start;
    const key = shapes ? `${name} [${result[0]?.shape ?? ''}]` : name;
    const sum = sums.get(key) ?? { calls: 0, milliseconds: 0, bytes: 0 };
    sum.calls += 1;
    sum.milliseconds += milliseconds;
    for (const { shape } of result) sum.bytes += 4 * shape.reduce((product, side) => product * side, 1);
    sums.set(key, sum);
    return result;
  };
  // The addon's own functions cannot be replaced, so the backend is given a stand-in for the whole addon.
  backend.binding = new Proxy({} as NativeBinding, {
    get: (_target, property) =>
      property === 'executeOp' ? measured : (binding as unknown as Record<string | symbol, unknown>)[property],
  });
  const start = performance.now();
  try {
    eagerly(f);
  } finally {
    backend.binding = binding;
  }
  const milliseconds = performance.now() - start;
  const ops = [...sums]
    .map(([name, sum]) => ({ name, ...sum, share: sum.milliseconds / milliseconds }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
  const inside = ops.reduce((total, op) => total + op.milliseconds, 0);
  return { ops, milliseconds, outsideMilliseconds: milliseconds - inside };
}

/** A profile as lines of text: calls, milliseconds, share and megabytes of each op that took `leastShare` or more. */
export function formatProfile({ ops, milliseconds, outsideMilliseconds }: Profile, leastShare = 0.005): string {
  const row = (name: string, calls: string, ms: number, share: number, megabytes: string) =>
    [name.padEnd(44), calls.padStart(6), ms.toFixed(1).padStart(9), `${(100 * share).toFixed(1)} %`.padStart(8)]
      .concat(megabytes.padStart(9))
      .join('');
  const shown = ops.filter((op) => op.share >= leastShare);
  const rest = ops.filter((op) => op.share < leastShare);
  const sum = (list: readonly OpProfile[], field: 'calls' | 'milliseconds' | 'share') =>
    list.reduce((total, op) => total + op[field], 0);
  return [
    `${'op'.padEnd(44)}${'calls'.padStart(6)}${'ms'.padStart(9)}${'share'.padStart(8)}${'MB'.padStart(9)}`,
    ...shown.map((op) => row(op.name, `${op.calls}`, op.milliseconds, op.share, (op.bytes / 1e6).toFixed(1))),
    row(`${rest.length} other ops`, `${sum(rest, 'calls')}`, sum(rest, 'milliseconds'), sum(rest, 'share'), ''),
    row('outside ops', '', outsideMilliseconds, outsideMilliseconds / milliseconds, ''),
    row('all', `${sum(ops, 'calls')}`, milliseconds, 1, ''),
  ].join('\n');
}

/**
 * Speed of a large float32 matrix product, best of several, in floating-point operations per second: the bound on
 * what convolutions can reach.
 */
export function matrixMultiplyPeak({ side = 2048, repetitions = 6 } = {}): number {
  return tf.tidy(() => {
    const [a, b] = [1, 2].map((seed) => tf.randomNormal([side, side], 0, 1, 'float32', seed));
    let best = Infinity;
    for (let i = 0; i < repetitions; i++) {
      const start = performance.now();
      const product: Tensor = tf.matMul(a as never, b as never);
      product.slice([0, 0], [1, 1]).dataSync();
      best = Math.min(best, performance.now() - start);
      product.dispose();
    }
    return (2 * side ** 3) / (best / 1000);
  });
}
