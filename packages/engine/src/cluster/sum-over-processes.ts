import type { Tensor, Tensor1D } from '@tensorflow/tfjs-node-gpu';
import { eagerly } from '../compiled-step/compiled-step.ts';
import { float, int, kernel, type } from '../kernel.ts';
import { tf } from '../ops/library.ts';
import { cluster, ProcessLost, type Cluster } from './joined.ts';
import { becomeNeighbours } from './neighbours.ts';

/** Seconds that the others are waited for: the first time, when they may still load, and later on. */
const FIRST_SECONDS = 180;
const SECONDS = 600;
/** With fewer floats, one process in a ring may only send, and never learns that its neighbour is gone. */
const LEAST = 64;
const LEAST_PER_PROCESS = 16;
/** TensorFlow's codes for a peer that is gone or silent: DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE. */
const LOST = /Invalid TF_Status: (?:4|10|13|14)\b/;
/** Of our own op (compiled-step/native/neighbours.cc), in whatever function it stands. */
const NEIGHBOUR_LOST = /The neighbour is lost/;

/** How to add. */
interface SumOptions {
  /** What the sum is multiplied by; 1 by default. */
  readonly scale?: number;
  /** How long another process is waited for. */
  readonly seconds?: number;
}

/** By length: TensorFlow ties a key to one shape for good. */
const instances = new Map<number, number>();
/** By level, whether the other of the pair is a process of this machine that adds in this one's memory. */
let neighbours: readonly boolean[] | undefined;

/** TensorFlow's error where a pair could not add. */
class PairFailed extends Error {}

/**
 * Sum over all processes of a float32 tensor, which each has of the same shape, times `scale`: number by number that of a balanced
 * binary tree over the ranks, ((0 + 1) + (2 + 3)) + …, since each level adds pairs, and two numbers have one sum in either order. So
 * the bits are those of one process that adds the same parts in that order. Alone, the tensor times `scale`.
 *
 * Called within `amongProcesses`, by all in the same order; it may be part of a compiled step. Processes of one machine add in each
 * other's memory, by an op like any other; others send, for which a step's function ends and another begins.
 */
export function sumOverProcesses<T extends Tensor>(summand: T, { scale = 1, seconds = SECONDS }: SumOptions = {}): T {
  const joined = cluster();
  if (joined === undefined) return scale === 1 ? summand.clone() : summand.mul<T>(scale);
  neighbours ??= eagerly(() => findNeighbours(joined, seconds));
  return tf.tidy(() =>
    neighbours!.reduce((sum, isNeighbour, level) => {
      const factor = level === neighbours!.length - 1 ? scale : 1;
      const attributes = { level: int(level), scale: float(factor), seconds: float(seconds) };
      if (isNeighbour) return kernel('SelfsupAddNeighbours', attributes, [sum])[0] as T;
      const pairSum = addPair(joined, level, sum, seconds);
      return factor === 1 ? pairSum : pairSum.mul<T>(factor);
    }, summand),
  );
}

/**
 * What `f`, which adds over processes, gives. Throws `ProcessLost` when another process is gone or silent meanwhile, after which
 * nothing can be added any more; `when`, such as `at step 12`, tells where.
 */
export function amongProcesses<Result>(when: string, f: () => Result): Result {
  try {
    return f();
  } catch (error) {
    const { cause, message } = error as Error;
    if (error instanceof PairFailed) throw LOST.test(message) ? new ProcessLost(when, cause) : cause;
    throw NEIGHBOUR_LOST.test(message) ? new ProcessLost(when, error) : error;
  }
}

/** Whether this process and the other of its pair are neighbours, at each level of the tree. */
function findNeighbours(joined: Cluster, seconds: number): boolean[] {
  const { rank, size, addresses } = joined;
  return Array.from({ length: Math.log2(size) }, (_, level) => {
    const first = rank & ~(1 << level);
    return becomeNeighbours({
      level,
      name: `selfsup ${addresses[first]!} ${level}`,
      isFirst: rank === first,
      holdsForBoth: (truth) =>
        tf.tidy(() => {
          const wait = instances.size === 0 ? FIRST_SECONDS : seconds;
          return addPair(joined, level, tf.scalar(truth ? 1 : 0), wait).dataSync()[0] === 2;
        }),
    });
  });
}

/** The sum of this process's tensor and that of the other one of its pair, by messages. */
function addPair<T extends Tensor>({ rank, size }: Cluster, level: number, summand: T, seconds: number): T {
  const least = Math.max(LEAST, LEAST_PER_PROCESS * size);
  const { size: length, shape } = summand;
  const flat = summand.reshape<Tensor1D>([-1]);
  const vector = length < least ? tf.pad1d(flat, [0, least - length]) : flat;
  if (!instances.has(vector.size)) instances.set(vector.size, instances.size + 1);
  // Pairs of all levels are groups of their own: of the level, and of the lower rank.
  const group = 1 + level * size + (rank & ~(1 << level));
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
  const numbers = [2, group, instances.get(vector.size)!].map((value) => tf.scalar(value, 'int32'));
  let sum: Tensor1D;
  try {
    sum = kernel('CollectiveReduceV2', attributes, [vector, ...numbers])[0] as Tensor1D;
  } catch (cause) {
    throw new PairFailed((cause as Error).message, { cause });
  }
  return (length < least ? sum.slice([0], [length]) : sum).reshape(shape as [number]) as unknown as T;
}
