import { deriveKey, permutation, type RandomKey } from '@selfsup/kit/random';

/**
 * The draws of an epoch, `[samples]`, for epochs of another length than there are items: passes over all items follow one
 * another through the epochs, each in an order of its own, so that no item ever comes more than once oftener than another. A draw
 * is the item, in 0..items - 1, plus `items` for each pass that has ended since the epoch began. A function of its arguments.
 */
export function epochDraws(key: RandomKey, epoch: number, samples: number, items: number): Uint32Array {
  const start = epoch * samples;
  const firstPass = Math.floor(start / items);
  let order: Uint32Array = new Uint32Array();
  return Uint32Array.from({ length: samples }, (_, i) => {
    const [pass, place] = [Math.floor((start + i) / items), (start + i) % items];
    if (i === 0 || place === 0) order = permutation(deriveKey(key, 'order', pass), items);
    return order[place]! + items * (pass - firstPass);
  });
}
