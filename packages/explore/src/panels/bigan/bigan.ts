import { tf } from '@selfsup/engine/tensorflow';
import { featureShapeOf } from '@selfsup/models/heads';
import type { ImageShape } from '@selfsup/models/network';
import { codeHead, codeOf } from '@selfsup/models/units';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import type { Page } from '../../page/page.ts';
import { panelOfEach } from '../../page/panel-of-each.ts';
import { testPicture } from '../../page/pictures.ts';
import { valuesOf, type RunningNetwork } from '../../running-network.ts';

/** Values of a code that have a slider. */
const sliders = 6;

const hasGenerator = ({ facts }: RunningNetwork): boolean =>
  facts.adversaries !== undefined && typeof facts.taskConfig['latent'] === 'number' && facts.task !== 'random';

/** BiGAN: a picture through encoder and generator, the generator by hand, and the way from one picture to another. */
const bigan = panelOfEach({
  title: 'Out of a code',
  suits: hasGenerator,
  async figures(network, pixels, count) {
    const { encode, generate } = codesOf(network);
    const codes = await encode(pixels, count);
    return (await generate(codes, count)).map((value) => (100 * value) / 255);
  },
  open: openOne,
});
export default bigan;

function openOne(place: HTMLElement, network: RunningNetwork, page: Page): void {
  const { latent, image, encode, generate } = codesOf(network);
  const { input } = network.facts;
  // Another picture at first, so that there is a way to go.
  const other = Math.min(1, page.images.count - 1);
  let kept = testPicture(page.images, page.pixelsOf(other), other).pixels(input);
  const shown = [
    'x, your choice',
    'G(E(x)), out of its code',
    'between the two',
    'the other, kept',
    'G(z), by hand',
  ].map((what) => ({ what, canvas: picture(what) }));
  const between = slider('between', 0, 100, 50);
  const hands = Array.from({ length: sliders }, (_, i) => slider(`z${i + 1}`, -100, 100, 0));
  let drawn = new Float32Array(latent);
  const told = element('p', { role: 'status' });
  const keep = element('button', { type: 'button' }, 'Keep this picture as the other');
  const draws = element('button', { type: 'button' }, 'Draw another z');
  place.append(
    element(
      'div',
      { class: 'maps large' },
      ...shown.map(({ what, canvas }) => element('figure', {}, canvas, element('figcaption', {}, what))),
    ),
    told,
    element('p', {}, keep),
    element('p', {}, element('label', { for: between.id }, 'From the other (left) to your choice (right)'), between),
    element('p', {}, draws),
    element(
      'div',
      { class: 'sliders' },
      ...hands.map((hand, i) => element('p', {}, element('label', { for: hand.id }, `Value ${i + 1} of z`), hand)),
    ),
  );
  const answer = page.answering(async () => {
    const own = page.picture().pixels(input);
    const [code, codeOfOther] = [await encode(own, 1), await encode(kept, 1)];
    const share = Number(between.value) / 100;
    const mixed = code.map((value, i) => share * value + (1 - share) * codeOfOther[i]!);
    const byHand = drawn.map((value, i) => (i < hands.length ? Number(hands[i]!.value) / 100 : value));
    const codes = Float32Array.from([...code, ...mixed, ...byHand]);
    const made = await generate(codes, 3);
    const size = made.length / 3;
    const part = (i: number): Float32Array => made.subarray(i * size, (i + 1) * size);
    const all: [Float32Array, ImageShape][] = [[own, input], [part(0), image], [part(1), image], [kept, input], [part(2), image]]; // prettier-ignore
    all.forEach(([pixels, shape], i) => draw(shown[i]!.canvas, colours(pixels, shape), shape.width));
    const sought = page.picture().pixels(image);
    const mean = sought.reduce((sum, value, i) => sum + Math.abs(value - made[i]!), 0) / size;
    told.textContent = `A value of G(E(x)) differs from x by ${mean.toFixed(1)} of 255 on average.`;
  });
  keep.addEventListener('click', () => {
    kept = page.picture().pixels(input);
    answer();
  });
  draws.addEventListener('click', () => {
    drawn = Float32Array.from({ length: latent }, () => 2 * Math.random() - 1);
    hands.forEach((hand, i) => (hand.value = String(Math.round(100 * drawn[i]!))));
    answer();
  });
  for (const one of [between, ...hands]) one.addEventListener('input', answer);
  page.onPicture(answer);
  answer();
}

let made = 0;

function slider(name: string, min: number, max: number, value: number): HTMLInputElement {
  return element('input', { type: 'range', id: `${name}-${made++}`, min, max, value });
}

/** The ways between pictures of 0..255 and codes of [−1, 1]. */
function codesOf(network: RunningNetwork) {
  const { adversaries, taskConfig, input } = network.facts;
  const latent = taskConfig['latent'] as number;
  const side = taskConfig['imageSide'] as number | undefined;
  const image: ImageShape = side === undefined ? input : { height: side, width: side, channels: input.channels };
  const code = network.withWeights('code', codeHead(featureShapeOf(network.encoder), latent, [0, 0]));
  const built = network.code(adversaries!).adversaries!.generator(latent, image, [0, 0]);
  const generator = network.withWeights('generator', built);
  return {
    latent,
    image,
    async encode(pixels: Float32Array, count: number): Promise<Float32Array> {
      const codes = tf.tidy(() => {
        const features = network.encoder.predictOnBatch(network.images(pixels, count)) as tf.Tensor;
        return codeOf(code.predictOnBatch(features) as tf.Tensor);
      });
      return (await valuesOf([codes]))[0]!;
    },
    async generate(codes: Float32Array, count: number): Promise<Float32Array> {
      const images = tf.tidy(() =>
        (generator.predictOnBatch(tf.tensor2d(codes, [count, latent])) as tf.Tensor).mul(255),
      );
      return (await valuesOf([images]))[0]!;
    },
  };
}
