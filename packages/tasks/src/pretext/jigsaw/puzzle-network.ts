export { geometryOf, windowSide } from './geometry.ts';
export { puzzleHead, tileHead } from './heads.ts';
export { TILES, type Permutation } from './permutations.ts';
export { normaliseEachTile } from './tile-normalisation.ts';
