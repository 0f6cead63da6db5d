/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). A number is a pure function of its key and counter, so there is no generator state to save and
 * the order in which workers ask for numbers does not matter.
 */

/** A 64-bit Philox key as two unsigned 32-bit words, low word first. */
export type RandomKey = readonly [number, number];

/** Third counter word, so that the same (key, counter) asked for different things gives unrelated numbers. */
const purpose = { uniform: 0, integer: 1, normal: 2, permutation: 3, derive: 4 } as const;

const two32 = 2 ** 32;
const two53 = 2 ** 53;

// The last block computed. Module state instead of a returned array: this runs millions of times an epoch.
let word0 = 0;
let word1 = 0;
let word2 = 0;
let word3 = 0;

/** High 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  // `middle` stays below 2^32, so the unsigned shifts are exact.
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** One Philox4x32-10 block into word0…word3 (unsigned). */
function block(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  word0 = c0 >>> 0;
  word1 = c1 >>> 0;
  word2 = c2 >>> 0;
  word3 = c3 >>> 0;
}

/** Philox4x32-10 itself: four random 32-bit words for a 128-bit counter and a 64-bit key (low words first). */
export function philox(
  counter: readonly [number, number, number, number],
  key: RandomKey,
): [number, number, number, number] {
  block(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return [word0, word1, word2, word3];
}

function lowWord(integer: number): number {
  return (integer % two32) | 0;
}

function highWord(integer: number): number {
  return Math.floor(integer / two32) | 0;
}

function assertInteger(value: number, what: string): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${what} must be a whole number, got ${value}`);
}

/**
 * A key for one purpose, from a parent key and a path such as `('crop', epoch, sample)`. Different paths,
 * `1` and `'1'`, and `('ab')` and `('a', 'b')` give unrelated keys. Numbers must be safe integers (`RangeError`).
 */
export function deriveKey(parent: RandomKey, ...path: readonly (number | string)[]): RandomKey {
  let k0 = parent[0];
  let k1 = parent[1];
  for (const step of path) {
    if (typeof step === 'number') {
      assertInteger(step, 'A step of a random key');
      block(lowWord(step), highWord(step), purpose.derive, 0, k0, k1);
      k0 = word0;
      k1 = word1;
    } else {
      block(step.length, 0, purpose.derive, 1, k0, k1);
      k0 = word0;
      k1 = word1;
      for (let i = 0; i < step.length; i += 4) {
        const low = step.charCodeAt(i) | ((step.charCodeAt(i + 1) || 0) << 16);
        const high = (step.charCodeAt(i + 2) || 0) | ((step.charCodeAt(i + 3) || 0) << 16);
        block(low, high, purpose.derive, 2, k0, k1);
        k0 = word0;
        k1 = word1;
      }
    }
  }
  return [k0, k1];
}

/** The key of a seed (a safe integer) and a path: `randomKey(seed, 'crop', epoch, sample)`. See `deriveKey`. */
export function randomKey(seed: number, ...path: readonly (number | string)[]): RandomKey {
  assertInteger(seed, 'A seed');
  return deriveKey([lowWord(seed) >>> 0, highWord(seed) >>> 0], ...path);
}

/** A number uniform in [0, 1) with 53 random bits. Counters (safe integers) number the draws of one key. */
export function uniform(key: RandomKey, counter = 0): number {
  block(lowWord(counter), highWord(counter), purpose.uniform, 0, key[0], key[1]);
  return ((word0 >>> 5) * 0x4000000 + (word1 >>> 6)) / two53;
}

/** An integer uniform in [0, below), without bias. `below` is a safe integer of at least 1 (`RangeError`). */
export function integer(key: RandomKey, below: number, counter = 0): number {
  if (!Number.isSafeInteger(below) || below < 1) {
    throw new RangeError(`The bound of a random integer must be at least 1, got ${below}`);
  }
  const limit = two53 - (two53 % below);
  for (let attempt = 0; ; attempt++) {
    block(lowWord(counter), highWord(counter), purpose.integer, attempt, key[0], key[1]);
    const draw = (word0 >>> 5) * 0x4000000 + (word1 >>> 6);
    if (draw < limit) return draw % below;
  }
}

/** A standard normal number (Box–Muller). */
export function normal(key: RandomKey, counter = 0): number {
  block(lowWord(counter), highWord(counter), purpose.normal, 0, key[0], key[1]);
  const radius = 1 - ((word0 >>> 5) * 0x4000000 + (word1 >>> 6)) / two53; // in (0, 1]: its logarithm is finite
  const angle = ((word2 >>> 5) * 0x4000000 + (word3 >>> 6)) / two53;
  return Math.sqrt(-2 * Math.log(radius)) * Math.cos(2 * Math.PI * angle);
}

/** A uniformly random order of 0…n-1 (Fisher–Yates, unbiased). `n` is an integer in [0, 2^32) (`RangeError`). */
export function permutation(key: RandomKey, n: number): Uint32Array {
  if (!Number.isInteger(n) || n < 0 || n >= two32) throw new RangeError(`Cannot permute ${n} items`);
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  const words = new Uint32Array(4);
  let blocks = 0;
  let used = 4;
  for (let i = n - 1; i > 0; i--) {
    const bound = i + 1;
    const limit = two32 - (two32 % bound);
    let draw: number;
    do {
      if (used === 4) {
        block(lowWord(blocks), highWord(blocks), purpose.permutation, 0, key[0], key[1]);
        blocks++;
        words[0] = word0;
        words[1] = word1;
        words[2] = word2;
        words[3] = word3;
        used = 0;
      }
      draw = words[used++]!;
    } while (draw >= limit);
    const other = draw % bound;
    const moved = order[i]!;
    order[i] = order[other]!;
    order[other] = moved;
  }
  return order;
}

/**
 * The draws of an epoch, `[samples]`, for epochs of another length than there are items: passes over all items follow one
 * another through the epochs, each in an order of its own, so that no item ever comes more than once oftener than another; where
 * each epoch has items of its own (`anew`), its first pass begins with it. A draw is the item, in 0..items - 1, plus `items` for
 * each pass that has ended since the epoch began. A function of its arguments.
 */
export function epochDraws(key: RandomKey, epoch: number, samples: number, items: number, anew = false): Uint32Array {
  const start = epoch * (anew ? items : samples);
  const firstPass = Math.floor(start / items);
  let order: Uint32Array = new Uint32Array();
  return Uint32Array.from({ length: samples }, (_, i) => {
    const [pass, place] = [Math.floor((start + i) / items), (start + i) % items];
    if (i === 0 || place === 0) order = permutation(deriveKey(key, 'order', pass), items);
    return order[place]! + items * (pass - firstPass);
  });
}
