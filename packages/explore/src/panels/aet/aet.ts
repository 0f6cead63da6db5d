import { tf } from '@selfsup/engine/tensorflow';
import { AFFINE_COMPONENTS, PROJECTIVE_COMPONENTS } from '@selfsup/tasks/aet-descriptions';
import type { AetConfig } from '@selfsup/tasks/pretext/aet/config';
import { buildSiamese } from '@selfsup/tasks/siamese';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import type { Page } from '../../page/page.ts';
import { panelOfEach } from '../../page/panel-of-each.ts';
import { inverted, warped } from '../../page/warped.ts';
import { valuesOf, type RunningNetwork } from '../../running-network.ts';
import { cornersBy, transformationsOf } from './transformations.ts';

type Point = readonly [x: number, y: number];

/** Generated transformations have no corners to pull. */
const estimates = ({ facts: { task, taskConfig } }: RunningNetwork): boolean =>
  task === 'aet' && taskConfig['transformation'] !== 'generated';

/** Transform a picture by hand: what the network takes the transformation for, and the picture with that undone. */
const aet = panelOfEach({
  title: 'Pull its corners',
  suits: estimates,
  async figures(network, pixels, count) {
    const { estimate, side, channels, kind } = estimator(network);
    const size = side * side * channels;
    const corners: number[] = [];
    for (let i = 0; i < count; i++) {
      const own = pixels.subarray(i * size, (i + 1) * size);
      const map = await estimate(own, warped(own, side, channels, kind.mapOf(kind.start)));
      for (const point of cornersBy(map, side)) corners.push(...point.map((value) => (100 * value) / side));
    }
    return corners;
  },
  open: openOne,
});
export default aet;

function openOne(place: HTMLElement, network: RunningNetwork, page: Page): void {
  const { estimate, side, channels, kind } = estimator(network);
  const { input } = network.facts;
  const values = [...kind.start];
  const shown = ['original', 'transformed, by you', 'the estimate undone'].map((what) => ({
    what,
    canvas: picture(what),
  }));
  const told = element('p', { role: 'status' });
  const sliders = kind.handles.map(({ least, most, step }, i) => {
    const id = `aet-${network.facts.label}-${i}`;
    const slider = element('input', { type: 'range', id, min: least, max: most, step, value: values[i]! });
    slider.addEventListener('input', () => {
      values[i] = Number(slider.value);
      answer();
    });
    return slider;
  });
  // Sliders say their values themselves.
  const shownValues = sliders.map(() => element('b', { 'aria-hidden': 'true' }));
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
  let corner = 0;
  pullable(
    stage,
    side,
    ([x, y]) => {
      const distances = cornersBy(kind.mapOf(values), side).map((one) => Math.hypot(one[0] - x, one[1] - y));
      corner = distances.indexOf(Math.min(...distances));
    },
    (to) => {
      kind.pulled(values, corner, to).forEach((value, i) => {
        // A slider keeps to its range and its steps.
        sliders[i]!.value = String(value);
        values[i] = Number(sliders[i]!.value);
      });
      answer();
    },
  );
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
    element('p', {}, 'Pull a corner in the middle picture, or move it here:'),
    element(
      'div',
      { class: 'sliders' },
      ...sliders.map((slider, i) =>
        element('p', {}, element('label', { for: slider.id }, `${kind.handles[i]!.name} `), shownValues[i]!, slider),
      ),
    ),
  );

  const answer = page.answering(async () => {
    const original = page.picture().pixels(input);
    shownValues.forEach((shownValue, i) => (shownValue.textContent = `${values[i]}${kind.handles[i]!.unit}`));
    const map = kind.mapOf(values);
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

/** Lets a point of a stage be pulled by pointer: `taken` at first, `pulled` then wherever it is, both told the place in pixels. */
function pullable(
  stage: HTMLElement,
  side: number,
  taken: (place: Point) => void,
  pulled: (place: Point) => void,
): void {
  let isHeld = false;
  const at = (event: PointerEvent): Point => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return [((event.clientX - left) / width) * side, ((event.clientY - top) / height) * side];
  };
  stage.addEventListener('pointerdown', (event) => {
    isHeld = true;
    stage.setPointerCapture(event.pointerId);
    taken(at(event));
    pulled(at(event));
  });
  stage.addEventListener('pointermove', (event) => {
    if (isHeld) pulled(at(event));
  });
  for (const end of ['pointerup', 'pointercancel']) stage.addEventListener(end, () => (isHeld = false));
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
  const kind = transformationsOf(config, side);
  const vectorOf = (image: Float32Array): tf.Tensor => {
    const features = encoder.predictOnBatch(network.images(image, 1)) as tf.Tensor;
    return siamese.embedding.predictOnBatch(features) as tf.Tensor;
  };
  return {
    ...{ side, channels, kind },
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
