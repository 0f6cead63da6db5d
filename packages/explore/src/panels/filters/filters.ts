import { tf } from '@selfsup/engine/tensorflow';
import { overlaid } from '@selfsup/eval/attention-overlay';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
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

/** The first convolution that learns, where its kernels can be seen as grey or colour. */
function firstConvolution({ encoder }: RunningNetwork): tf.layers.Layer | undefined {
  const layer = encoder.layers.find((one) => one.getClassName() === 'Conv2D' && one.trainableWeights.length > 0);
  return [1, 3].includes(layer?.weights[0]?.shape[2] ?? 0) ? layer : undefined;
}

function column(network: RunningNetwork, page: Page) {
  const layer = firstConvolution(network)!;
  const probed = tf.model({ inputs: network.encoder.inputs, outputs: layer.output as tf.SymbolicTensor });
  const kernel = layer.weights[0]!.read();
  const [rows, columns, channels, all] = kernel.shape as [number, number, number, number];
  const shown = Array.from({ length: Math.min(all, mostShown) }, (_, filter) => ({
    kernel: picture(`Filter ${filter + 1}`),
    response: picture(`Response of filter ${filter + 1}`),
  }));
  const drawKernels = async (): Promise<void> => {
    const values = await kernel.data();
    shown.forEach(({ kernel: canvas }, filter) => {
      const own = Float32Array.from({ length: rows * columns * channels }, (_, i) => values[i * all + filter]!);
      const [low, high] = [Math.min(...own), Math.max(...own)];
      const stretched = own.map((value) => (255 * (value - low)) / (high - low || 1));
      draw(canvas, colours(stretched, { height: rows, width: columns, channels }), columns);
    });
  };
  let drawn: Promise<void> | undefined;
  return {
    place: element(
      'article',
      {},
      element('h3', {}, network.facts.label),
      element('div', { class: 'filters' }, ...shown.map((one) => element('div', {}, one.kernel, one.response))),
    ),
    async show() {
      await (drawn ??= drawKernels());
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
