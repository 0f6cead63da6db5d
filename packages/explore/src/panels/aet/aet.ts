import { tf } from '@selfsup/engine/tensorflow';
import {
  AFFINE_COMPONENTS,
  affineCoefficients,
  affineParameters,
  coefficientsOf,
  PROJECTIVE_COMPONENTS,
  projectiveCoefficients,
  usualStandardisation,
} from '@selfsup/tasks/aet-descriptions';
import type { AetConfig } from '@selfsup/tasks/pretext/aet/config';
import { buildSiamese } from '@selfsup/tasks/siamese';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import type { Page } from '../../page/page.ts';
import { panelOfEach } from '../../page/panel-of-each.ts';
import { inverted, ledTo, warped } from '../../page/warped.ts';
import { valuesOf, type RunningNetwork } from '../../running-network.ts';

type Point = readonly [x: number, y: number];

/** Generated transformations have no corners to pull. */
const estimates = ({ facts: { task, taskConfig } }: RunningNetwork): boolean =>
  task === 'aet' && taskConfig['transformation'] !== 'generated';

/** Transform a picture by hand: what the network takes the transformation for, and the picture with that undone. */
const aet = panelOfEach({
  title: 'Pull its corners',
  suits: estimates,
  async figures(network, pixels, count) {
    const { estimate, side, channels, mapOf, start } = estimator(network);
    const size = side * side * channels;
    const corners: number[] = [];
    for (let i = 0; i < count; i++) {
      const own = pixels.subarray(i * size, (i + 1) * size);
      const map = await estimate(own, warped(own, side, channels, mapOf(start)));
      for (const point of cornersBy(map, side)) corners.push(...point.map((value) => (100 * value) / side));
    }
    return corners;
  },
  open: openOne,
});
export default aet;

function openOne(place: HTMLElement, network: RunningNetwork, page: Page): void {
  const { estimate, side, channels, mapOf, start, handles, isProjective } = estimator(network);
  const { input } = network.facts;
  const values = [...start];
  const shown = ['original', 'transformed, by you', 'the estimate undone'].map((what) => ({
    what,
    canvas: picture(what),
  }));
  const told = element('p', { role: 'status' });
  const sliders = handles.map(({ name, least, most, step }, i) => {
    const input = element('input', {
      type: 'range',
      id: `aet-${network.facts.label}-${i}`,
      min: least,
      max: most,
      step,
      value: values[i]!,
    });
    input.addEventListener('input', () => {
      values[i] = Number(input.value);
      answer();
    });
    return element('p', {}, element('label', { for: input.id }, `${name} `), input);
  });
  const stage = element('div', { class: 'stage' }, shown[1]!.canvas);
  const outline = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  outline.setAttribute('viewBox', `0 0 ${side} ${side}`);
  outline.setAttribute('aria-hidden', 'true');
  const quads = ['truth', 'estimate'].map((name) => {
    const polygon = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
    polygon.setAttribute('class', name);
    outline.append(polygon);
    return polygon;
  });
  stage.append(outline);
  if (isProjective)
    pullCorners(stage, side, (corner, x, y) => {
      for (const [axis, value] of [x, y].entries()) {
        const { least, most } = handles[2 * corner + axis]!;
        values[2 * corner + axis] = Math.min(most, Math.max(least, Math.round(value)));
        sliders[2 * corner + axis]!.querySelector('input')!.value = String(values[2 * corner + axis]);
      }
      answer();
    });
  place.append(
    element('p', {}, 'Dashed: where the corners of the original are; solid: where the network believes them to be.'),
    element(
      'div',
      { class: 'maps large' },
      ...shown.map(({ what, canvas }, i) =>
        element('figure', {}, i === 1 ? stage : canvas, element('figcaption', {}, what)),
      ),
    ),
    told,
    ...(isProjective ? [element('p', {}, 'Pull a corner in the middle picture, or move it here:')] : []),
    element('div', { class: 'sliders' }, ...sliders),
  );

  const answer = page.answering(async () => {
    const original = page.picture().pixels(input);
    const map = mapOf(values);
    const transformed = warped(original, side, channels, map);
    const believed = await estimate(original, transformed);
    const undone = warped(transformed, side, channels, inverted(believed));
    for (const [i, pixels] of [original, transformed, undone].entries())
      draw(shown[i]!.canvas, colours(pixels, input), side);
    const [truth, guess] = [cornersBy(map, side), cornersBy(believed, side)];
    quads.forEach((polygon, i) =>
      polygon.setAttribute('points', [truth, guess][i]!.map((point) => point.join()).join(' ')),
    );
    const apart = truth.reduce((sum, [x, y], i) => sum + Math.hypot(x - guess[i]![0], y - guess[i]![1]), 0) / 4;
    told.textContent = `The corners are ${apart.toFixed(1)} of ${side} pixels apart on average.`;
    told.dataset['corners'] = guess.flat().join(' ');
  });
  page.onPicture(answer);
  answer();
}

/** Lets the corners of a stage be pulled by pointer: `pulled` is told the corner and its distance from where it belongs, in pixels. */
function pullCorners(stage: HTMLElement, side: number, pulled: (corner: number, x: number, y: number) => void): void {
  const corners: readonly Point[] = cornersOf(side);
  let held: number | undefined;
  const at = (event: PointerEvent): Point => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return [((event.clientX - left) / width) * side, ((event.clientY - top) / height) * side];
  };
  const move = (event: PointerEvent): void => {
    if (held === undefined) return;
    const [x, y] = at(event);
    pulled(held, x - corners[held]![0], y - corners[held]![1]);
  };
  stage.addEventListener('pointerdown', (event) => {
    const [x, y] = at(event);
    const distances = corners.map((corner) => Math.hypot(corner[0] - x, corner[1] - y));
    held = distances.indexOf(Math.min(...distances));
    stage.setPointerCapture(event.pointerId);
    move(event);
  });
  stage.addEventListener('pointermove', move);
  stage.addEventListener('pointerup', () => (held = undefined));
}

const cornersOf = (side: number): Point[] => [[0, 0], [side, 0], [side, side], [0, side]]; // prettier-ignore

/** Where a map, from the transformed image to the original, has the corners of the original. */
function cornersBy(map: readonly number[], side: number): [number, number][] {
  const back = inverted(map);
  return cornersOf(side).map((corner) => ledTo(back, corner));
}

interface Handle {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
}

/** The network of a kind of transformation: what describes one, and what it estimates. */
function estimator(network: RunningNetwork) {
  const { facts, encoder } = network;
  const { width: side, channels } = facts.input;
  const config = facts.taskConfig as unknown as Exclude<AetConfig, { transformation: 'generated' }>;
  const isProjective = config.transformation === 'projective';
  const components = isProjective ? PROJECTIVE_COMPONENTS : AFFINE_COMPONENTS;
  const { embed } = network.code(facts.network);
  const siamese = buildSiamese(encoder, components, !isProjective, [0, 0], embed);
  network.withWeights('embedding', siamese.embedding);
  network.withWeights('decoder', siamese.decoder);
  const kind = config.transformation === 'projective' ? projective(config, side) : affine(config, side);
  const vectorOf = (image: Float32Array): tf.Tensor => {
    const features = encoder.predictOnBatch(network.images(image, 1)) as tf.Tensor;
    return siamese.embedding.predictOnBatch(features) as tf.Tensor;
  };
  return {
    ...{ side, channels, isProjective },
    ...kind,
    /** The map from a transformed picture to the original, as the network believes it to be. */
    async estimate(original: Float32Array, transformed: Float32Array): Promise<number[]> {
      const estimates = tf.tidy(() => {
        const pair = tf.concat([vectorOf(original), vectorOf(transformed)], 1);
        return siamese.decoder.predictOnBatch(pair) as tf.Tensor;
      });
      return kind.mapOfEstimate((await valuesOf([estimates]))[0]!);
    },
  };
}

function affine(ranges: Extract<AetConfig, { transformation: 'affine' }>, side: number) {
  const { rotation, translation, scale, shear } = ranges;
  const reach = Math.round(translation * side);
  const handles: Handle[] = [
    { name: 'turned by', least: -rotation, most: rotation, step: 1 },
    { name: 'moved to the right by', least: -reach, most: reach, step: 1 },
    { name: 'moved down by', least: -reach, most: reach, step: 1 },
    { name: 'scaled by', least: scale[0], most: scale[1], step: 0.01 },
    { name: 'sheared by', least: -shear, most: shear, step: 1 },
  ];
  return {
    handles,
    start: [Math.min(30, rotation), 0, 0, Math.min(1, scale[1]), 0],
    mapOf: ([angle, x, y, size, sheared]: readonly number[]) =>
      affineCoefficients({ angle: angle!, translation: [x!, y!], scale: size! || 1, shear: sheared! }, side),
    mapOfEstimate: (values: Float32Array) => affineCoefficients(affineParameters(values, ranges, side), side),
  };
}

function projective(config: Extract<AetConfig, { transformation: 'projective' }>, side: number) {
  const standardisation = config.standardise ?? usualStandardisation(side);
  const reach = Math.floor(side / 4) - 1;
  const names = ['top left', 'top right', 'bottom right', 'bottom left'];
  const handles: Handle[] = names.flatMap((name) =>
    ['to the right', 'down'].map((way) => ({ name: `${name} corner ${way}`, least: -reach, most: reach, step: 1 })),
  );
  return {
    handles,
    start: [2, 3, -2, 1, 0, -2, 3, 0].map((shift) => Math.min(reach, Math.max(-reach, shift))),
    mapOf: (shifts: readonly number[]) => projectiveCoefficients({ scale: 1, turns: 0, shifts }, side),
    mapOfEstimate: (values: Float32Array) => coefficientsOf(values, standardisation),
  };
}
