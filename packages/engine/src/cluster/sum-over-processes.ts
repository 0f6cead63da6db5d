import type { Tensor1D } from '@tensorflow/tfjs-node-gpu';
import { float, int, kernel, type } from '../kernel.ts';
import { tf } from '../ops/library.ts';
import { cluster, ProcessLost } from './cluster.ts';

/** Seconds that the others are waited for: the first time, when they may still load, and later on. */
const FIRST_SECONDS = 180;
const SECONDS = 600;
/** With fewer floats, one process in a ring may only send, and never learns that its neighbour is gone. */
const LEAST = 64;
const LEAST_PER_PROCESS = 16;
/** TensorFlow's codes for a peer that is gone or silent: DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE. */
const LOST = /Invalid TF_Status: (?:4|10|13|14)\b/;

/** By length: TensorFlow ties a key to one shape for good. */
const instances = new Map<number, number>();

/**
 * Sum over all processes of a float32 vector, which each has of the same length: element by element that of a balanced binary
 * tree over the ranks, ((0 + 1) + (2 + 3)) + …, since each level adds pairs, and two numbers have one sum in either order. So the
 * bits are those of one process that adds the same parts in that order. Alone, a copy of the vector.
 *
 * Not to be called within a compiled step: it waits. Throws `ProcessLost` when another process is gone or silent; `when`, such as
 * `at step 12`, tells where. Nothing can be summed afterwards.
 */
export function sumOverProcesses(vector: Tensor1D, when: string, seconds?: number): Tensor1D {
  const joined = cluster();
  if (joined === undefined) return vector.clone();
  const { rank, size } = joined;
  const least = Math.max(LEAST, LEAST_PER_PROCESS * size);
  return tf.tidy(() => {
    const length = vector.size;
    let sum: Tensor1D = length < least ? tf.pad1d(vector, [0, least - length]) : vector.clone();
    if (!instances.has(sum.size)) instances.set(sum.size, instances.size + 1);
    const wait = seconds ?? (instances.size === 1 ? FIRST_SECONDS : SECONDS);
    for (let level = 0; 1 << level < size; level++) {
      // Pairs of all levels are groups of their own: of the level, and of the lower rank.
      const group = 1 + level * size + (rank & ~(1 << level));
      sum = addPair(sum, group, instances.get(sum.size)!, wait, when);
    }
    return length < least ? sum.slice([0], [length]) : sum;
  });
}

function addPair(vector: Tensor1D, group: number, instance: number, seconds: number, when: string): Tensor1D {
  const attributes = {
    T: type('float32'),
    merge_op: 'Add',
    final_op: 'Id',
    // NCCL where both have a GPU and it is there; else the ring, which is the same for two.
    communication_hint: 'nccl',
    timeout_seconds: float(seconds),
    Nordering_token: int(0),
    is_stateless: false,
    max_subdivs_per_device: int(-1),
  } as const;
  const inputs = [vector, ...[2, group, instance].map((value) => tf.scalar(value, 'int32'))];
  try {
    return kernel('CollectiveReduceV2', attributes, inputs)[0] as Tensor1D;
  } catch (error) {
    if (LOST.test((error as Error).message)) throw new ProcessLost(when, error);
    throw error;
  }
}
