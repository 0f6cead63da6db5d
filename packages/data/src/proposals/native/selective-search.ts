import { createRequire } from 'node:module';
import { buildAddon } from '../../native/build-addon.ts';
import type { Picture } from '../../pictures/native/pictures.ts';

const sources = [
  new URL('./selective-search.cc', import.meta.url),
  new URL('./grouping.h', import.meta.url),
  new URL('./segmentation.h', import.meta.url),
  new URL('./planes.h', import.meta.url),
  new URL('../../native/arguments.h', import.meta.url),
];

interface Addon {
  selectiveSearch(rgb: Uint8Array, settings: Float64Array): Float32Array;
  segment(rgb: Uint8Array, settings: Float64Array): Int32Array;
}

let loaded: Addon | undefined;

/** Loads the addon at the first call: who does not search needs no compiler. */
function addon(): Addon {
  const build = () => buildAddon({ name: 'selective-search', what: 'the code of selective search', sources });
  return (loaded ??= createRequire(import.meta.url)(build()) as Addon);
}

/** The ways in which regions are found and joined: all combinations. */
export interface Strategies {
  readonly colours: readonly ('hsv' | 'lab')[];
  /** Thresholds of the segmentations, in 0..255; also the least pixels of a segment. */
  readonly k: readonly number[];
  /** By what regions are alike: with their colours, or by texture, size and fill alone. */
  readonly similarities: readonly ('colour-texture-size-fill' | 'texture-size-fill')[];
  /** Of the Gaussian by which a picture is smoothed before it is segmented, in pixels. */
  readonly sigma: number;
}

/**
 * All regions of all hierarchies of a picture of 3 channels, [count, 5]: left, top, right, bottom on pixel borders, and the
 * place in its hierarchy, from 1, the whole picture, to the first segments.
 */
export function regionsOf({ pixels, width, height }: Picture, strategies: Strategies): Float32Array {
  const { colours, k, similarities, sigma } = strategies;
  const flag = (isThere: boolean): number => (isThere ? 1 : 0);
  const settings = [
    ...[width, height, sigma, flag(colours.includes('hsv')), flag(colours.includes('lab'))],
    ...[
      flag(similarities.includes('colour-texture-size-fill')),
      flag(similarities.includes('texture-size-fill')),
      ...k,
    ],
  ];
  return addon().selectiveSearch(pixels, Float64Array.from(settings));
}

/**
 * The segments of a picture of 3 channels by the graph of its pixels (Felzenszwalb and Huttenlocher 2004), in its own colours:
 * of each pixel its segment, numbered as they come row by row, [height, width].
 *
 * @param options.least pixels of a segment; smaller ones join a neighbour
 */
export function segment(
  { pixels, width, height }: Picture,
  options: { readonly sigma: number; readonly k: number; readonly least: number },
): Int32Array {
  const { sigma, k, least } = options;
  return addon().segment(pixels, Float64Array.of(width, height, sigma, k, least));
}
