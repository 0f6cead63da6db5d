import { tf } from '@selfsup/engine/tensorflow';
import { featureShapeOf } from '@selfsup/models/heads';
import { upsamplingDecoder } from '@selfsup/tasks/aed-decoder';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import type { Panel } from '../../page/page.ts';
import { valuesOf, type RunningNetwork } from '../../running-network.ts';

/** What an auto-encoder keeps of a picture: original, reconstruction, and what differs between them. */
const aed: Panel = {
  title: 'Through the bottleneck',
  fits: (networks) => networks.some(isAutoEncoder),
  async figures(network, pixels, count) {
    if (!isAutoEncoder(network)) return [];
    return (await autoEncoder(network)(pixels, count)).map((value) => (100 * value) / 255);
  },
  open(place, page) {
    const rows = page.networks.filter(isAutoEncoder).map((network) => {
      const canvases = ['original', 'reconstruction', 'difference'].map((what) => ({ what, canvas: picture(what) }));
      const error = element('p', { role: 'status' });
      place.append(
        element('h3', {}, network.facts.label),
        element(
          'div',
          { class: 'maps large' },
          ...canvases.map(({ what, canvas }) => element('figure', {}, canvas, element('figcaption', {}, what))),
        ),
        error,
      );
      const reconstruct = autoEncoder(network);
      return async () => {
        const { input } = network.facts;
        const original = page.picture().pixels(input);
        const made = await reconstruct(original, 1);
        const difference = made.map((value, i) => 128 + (value - original[i]!) / 2);
        for (const [i, values] of [original, made, difference].entries())
          draw(canvases[i]!.canvas, colours(values, input), input.width);
        const mean = made.reduce((sum, value, i) => sum + Math.abs(value - original[i]!), 0) / made.length;
        error.textContent = `A value differs by ${mean.toFixed(1)} of 255 on average; where nothing differs it is grey.`;
        error.dataset['difference'] = String(mean);
      };
    });
    const answer = page.answering(async () => {
      for (const row of rows) await row();
    });
    page.onPicture(answer);
    answer();
  },
};
export default aed;

const isAutoEncoder = ({ facts }: RunningNetwork): boolean => facts.task === 'aed';

/** Makes of pictures `[count, height, width, channels]` of 0..255 what the decoder makes of their features. */
function autoEncoder(network: RunningNetwork): (pixels: Float32Array, count: number) => Promise<Float32Array> {
  const { input, normalisation, taskConfig } = network.facts;
  const width = taskConfig['width'] as number;
  const built = upsamplingDecoder(featureShapeOf(network.encoder), input, width, [0, 0]);
  const decoder = network.withWeights('decoder', built);
  return async (pixels, count) => {
    const made = tf.tidy(() => {
      const features = network.encoder.predictOnBatch(network.images(pixels, count)) as tf.Tensor;
      const normalised = decoder.predictOnBatch(features) as tf.Tensor4D;
      const std = tf.tensor1d(normalisation.std.map((value) => value || 1));
      return normalised
        .mul(std)
        .add(tf.tensor1d([...normalisation.mean]))
        .clipByValue(0, 255);
    });
    return (await valuesOf([made]))[0]!;
  };
}
