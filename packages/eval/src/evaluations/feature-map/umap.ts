import { UMAP } from 'umap-js';
import { deriveKey, philox, type RandomKey } from '@selfsup/kit/random';
import { stopIfAsked } from '@selfsup/kit/stage';
import type { Neighbours } from '@selfsup/numerics/nearest-neighbours';

export interface UmapOptions {
  /** The nearest rows of each row, itself first: of a search that is exact. */
  readonly neighbours: Neighbours;
  /** Places to start from, `[rows, 2]`. */
  readonly start: Float32Array;
  /** How near points may come to each other in the map. */
  readonly minDistance: number;
  /** Passes over the neighbourhood graph; by the library's rule (500 to 200, fewer for more rows) where absent. */
  readonly epochs?: number | undefined;
  /** Epochs after which the map is taken as it is. */
  readonly mostEpochs?: number;
  readonly key: RandomKey;
  readonly signal: AbortSignal;
  /** Called after each epoch with the number of all. */
  readonly onEpoch?: (epochs: number) => void;
}

/** Side of the square that the starting places are brought to, as wide as the library's own random start. */
const startSide = 20;

/**
 * UMAP in two dimensions (McInnes et al. 2018, arXiv:1802.03426) by umap-js, `[rows, 2]`, from given neighbours and given
 * starting places rather than random ones, so that maps of several encoders lie alike. Its random numbers are a function of
 * the key. Throws `Interrupted` when the signal is aborted.
 */
export async function umap(options: UmapOptions): Promise<Float32Array> {
  const { neighbours, start, minDistance, epochs, mostEpochs = Infinity, key, signal, onEpoch } = options;
  const { k, indices, values } = neighbours;
  const rows = indices.length / k;
  const table = (from: ArrayLike<number>): number[][] =>
    Array.from({ length: rows }, (_, row) => Array.from({ length: k }, (_, i) => from[row * k + i] as number));
  const map = new UMAP({
    nNeighbors: k,
    minDist: minDistance,
    ...(epochs !== undefined && { nEpochs: epochs }),
    random: uniformStream(key),
  });
  map.setPrecomputedKNN(table(indices), table(values));
  // With neighbours given, only the number of rows is looked at.
  const all = Math.min(mostEpochs, map.initializeFit(Array.from({ length: rows }, () => [])));
  // The library moves the places that it hands out, so writing into them sets where it starts.
  place(map.getEmbedding(), start);
  for (let epoch = 0; epoch < all; epoch++) {
    map.step();
    onEpoch?.(all);
    if (epoch % 10 !== 0) continue;
    await stopIfAsked(signal, `Stopped at epoch ${epoch} of ${all} of UMAP.`);
  }
  return Float32Array.from(map.getEmbedding().flat());
}

/** Writes places, brought to a square about 0, into points. */
function place(points: number[][], start: Float32Array): void {
  const greatest = start.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = greatest > 0 ? startSide / 2 / greatest : 0;
  points.forEach((point, row) => {
    point[0] = scale * (start[2 * row] as number);
    point[1] = scale * (start[2 * row + 1] as number);
  });
}

/** Numbers uniform in [0, 1) with 32 random bits, one after another: tens of millions are drawn, four from a block. */
function uniformStream(key: RandomKey): () => number {
  const own = deriveKey(key, 'umap');
  let block = -1;
  let words: readonly number[] = [];
  let next = 4;
  return () => {
    if (next === 4) {
      block++;
      words = philox([block >>> 0, Math.floor(block / 2 ** 32), 0, 0], own);
      next = 0;
    }
    return (words[next++] as number) / 2 ** 32;
  };
}
