import { tf } from '@selfsup/engine/tensorflow';
import { overlaid } from '@selfsup/eval/attention-overlay';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import { filterPictures, firstConvolution } from '../../page/first-layer.ts';
import type { Page, Panel } from '../../page/page.ts';
import { valuesOf, type RunningNetwork } from '../../running-network.ts';

/** Filters of a network that are shown at most. */
const mostShown = 24;

/** The filters of the first layer, and where in the picture each of them responds. */
const filters: Panel = {
  title: 'What the first layer sees',
  isGeneral: true,
  fits: (networks) => networks.some((network) => firstConvolution(network) !== undefined),
  open(place, page) {
    place.append(
      element(
        'p',
        {},
        'Each filter beside the picture under its response, however strong: lighter is more, either way.',
      ),
    );
    const columns = page.networks
      .filter((network) => firstConvolution(network) !== undefined)
      .map((one) => column(one, page));
    place.append(element('div', { class: 'networks' }, ...columns.map((one) => one.place)));
    const answer = page.answering(async () => {
      for (const one of columns) await one.show();
    });
    page.onPicture(answer);
    answer();
  },
};
export default filters;

function column(network: RunningNetwork, page: Page) {
  const layer = firstConvolution(network)!;
  const probed = tf.model({ inputs: network.encoder.inputs, outputs: layer.output as tf.SymbolicTensor });
  const shown = filterPictures(layer, mostShown).map((kernel, filter) => ({
    kernel,
    response: picture(`Response of filter ${filter + 1}`),
  }));
  return {
    place: element(
      'article',
      {},
      element('h3', {}, network.facts.label),
      element('div', { class: 'filters' }, ...shown.map((one) => element('div', {}, one.kernel, one.response))),
    ),
    async show() {
      const { input } = network.facts;
      const pixels = page.picture().pixels(input);
      const response = tf.tidy(() => {
        const map = probed.predictOnBatch(network.images(pixels, 1)) as tf.Tensor4D;
        return map.abs().slice([0, 0, 0, 0], [-1, -1, -1, shown.length]).transpose([3, 0, 1, 2]);
      });
      const [, , height, width] = response.shape as number[] as [number, number, number, number];
      const [values] = await valuesOf([response]);
      if (input.height !== input.width) return;
      const rgb = colours(pixels, input);
      shown.forEach(({ response: canvas }, filter) => {
        const map = { values: values!.subarray(filter * height * width, (filter + 1) * height * width), height, width };
        draw(canvas, overlaid(rgb, map, input.width), input.width);
      });
    },
  };
}
