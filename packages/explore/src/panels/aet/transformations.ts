import {
  affineCoefficients,
  affineParameters,
  coefficientsOf,
  projectiveCoefficients,
  usualStandardisation,
} from '@selfsup/tasks/aet-descriptions';
import type { AetConfig } from '@selfsup/tasks/pretext/aet/config';
import { inverted, ledTo } from '../../page/warped.ts';

type ConfigOf<Kind extends AetConfig['transformation']> = Extract<AetConfig, { transformation: Kind }>;
type Point = readonly [x: number, y: number];

/** One of the numbers by which a hand describes a transformation. */
interface Handle {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  readonly unit: string;
}

/** A kind of transformation: how a hand describes one, and what an estimate of the network means. */
export interface Transformations {
  readonly handles: readonly Handle[];
  /** What is shown at first. */
  readonly start: readonly number[];
  /** The map from a pixel of the transformed picture to one of the original. */
  mapOf(values: readonly number[]): number[];
  mapOfEstimate(estimate: Float32Array): number[];
  /** What the values become as a corner is pulled to a point of the transformed picture; they may be beyond the handles. */
  pulled(values: readonly number[], corner: number, to: Point): number[];
}

/** Those that a network was trained on, for pictures of this side in pixels. */
export function transformationsOf(config: ConfigOf<'affine' | 'projective'>, side: number): Transformations {
  return config.transformation === 'projective' ? projective(config, side) : affine(config, side);
}

const cornersOf = (side: number): Point[] => [[0, 0], [side, 0], [side, side], [0, side]]; // prettier-ignore

/** Where a map, from the transformed picture to the original, has the corners of the original. */
export function cornersBy(map: readonly number[], side: number): [number, number][] {
  const back = inverted(map);
  return cornersOf(side).map((corner) => ledTo(back, corner));
}

function affine(ranges: ConfigOf<'affine'>, side: number): Transformations {
  const { rotation, translation, scale, shear } = ranges;
  const reach = Math.round(translation * side);
  const mapOf = ([angle, x, y, size, sheared]: readonly number[]): number[] =>
    affineCoefficients({ angle: angle!, translation: [x!, y!], scale: size! || 1, shear: sheared! }, side);
  return {
    handles: [
      { name: 'turned by', least: -rotation, most: rotation, step: 1, unit: '°' },
      { name: 'moved to the right by', least: -reach, most: reach, step: 1, unit: ' pixels' },
      { name: 'moved down by', least: -reach, most: reach, step: 1, unit: ' pixels' },
      { name: 'scaled', least: scale[0], most: scale[1], step: 0.01, unit: ' times' },
      { name: 'sheared by', least: -shear, most: shear, step: 1, unit: '°' },
    ],
    start: [Math.min(30, rotation), 0, 0, Math.min(1, scale[1]), 0],
    mapOf,
    mapOfEstimate: (values) => affineCoefficients(affineParameters(values, ranges, side), side),
    // A pull turns and scales about the middle, which stays where it is.
    pulled(values, corner, [x, y]) {
      const [angle, right, down, size, sheared] = values as [number, number, number, number, number];
      const [middleX, middleY] = ledTo(inverted(mapOf(values)), [side / 2 + 0.5, side / 2 + 0.5]);
      const [fromX, fromY] = cornersBy(mapOf(values), side)[corner]!;
      const turn = Math.atan2(y - middleY, x - middleX) - Math.atan2(fromY - middleY, fromX - middleX);
      const growth = Math.hypot(x - middleX, y - middleY) / Math.hypot(fromX - middleX, fromY - middleY);
      const turned = angle + (180 * turn) / Math.PI;
      return [((turned + 540) % 360) - 180, right, down, size * growth, sheared];
    },
  };
}

function projective(config: ConfigOf<'projective'>, side: number): Transformations {
  const standardisation = config.standardise ?? usualStandardisation(side);
  const reach = Math.floor(side / 4) - 1;
  const names = ['top left', 'top right', 'bottom right', 'bottom left'];
  return {
    handles: names.flatMap((name) =>
      ['to the right', 'down'].map((way) => ({
        name: `${name} corner ${way} by`,
        least: -reach,
        most: reach,
        step: 1,
        unit: ' pixels',
      })),
    ),
    start: [2, 3, -2, 1, 0, -2, 3, 0].map((shift) => Math.min(reach, Math.max(-reach, shift))),
    mapOf: (shifts) => projectiveCoefficients({ scale: 1, turns: 0, shifts }, side),
    mapOfEstimate: (values) => coefficientsOf(values, standardisation),
    pulled(shifts, corner, to) {
      const [left, top] = cornersOf(side)[corner]!;
      const changed = [...shifts];
      changed.splice(2 * corner, 2, to[0] - left, to[1] - top);
      return changed;
    },
  };
}
