import { tf } from '@selfsup/engine/tensorflow';
import { buildProbe } from '@selfsup/eval/probe-model';
import type { TrainedProbe } from '../../page-data.ts';
import { bar, ranked } from '../../page/bars.ts';
import { element } from '../../page/element.ts';
import type { Page, Panel } from '../../page/page.ts';
import { valuesOf, type RunningNetwork } from '../../running-network.ts';

/** Classes that are shown, the likeliest first. */
const mostShown = 3;

/** Linear probes: what can be read off each layer of each network, though nobody taught it the classes. */
const probe: Panel = {
  title: 'What a linear probe reads',
  isGeneral: true,
  fits: (networks) => networks.some(({ facts }) => facts.probes.length > 0),
  async figures(network, pixels, count) {
    const all: number[] = [];
    for (const reading of readingsOf(network))
      for (const probabilities of await reading.read(pixels, count))
        for (const value of probabilities) all.push(100 * value);
    return all;
  },
  open(place, page) {
    const probed = page.networks.filter(({ facts }) => facts.probes.length > 0);
    const columns = probed.map((network) => column(network, page));
    const told = element('p', { role: 'status', class: 'unseen' });
    place.append(
      element(
        'p',
        {},
        'One linear layer on top of a frozen one was taught the classes. What it gets right was there already.',
      ),
      element('div', { class: 'networks' }, ...columns.map((one) => one.place)),
      told,
    );
    const answer = page.answering(async () => {
      const said: string[] = [];
      for (const one of columns) said.push(...(await one.show()));
      told.textContent = `${page.picture().name}. ${said.join(' ')}`;
    });
    page.onPicture(answer);
    answer();
  },
};
export default probe;

/** Probes that were trained together, ready to read. */
interface Reading {
  readonly trained: TrainedProbe;
  /** Of `count` pictures the probabilities `[count, classes]`, layer by layer. */
  read(pixels: Float32Array, count: number): Promise<Float32Array[]>;
}

function readingsOf(network: RunningNetwork): Reading[] {
  const { encoder, facts } = network;
  return facts.probes.map((trained, i) => {
    const model = network.withWeights(`probe${i}`, buildProbe(trained));
    const outputs = trained.layers.map(({ layer }) => encoder.getLayer(layer).output as tf.SymbolicTensor);
    const probed = tf.model({ inputs: encoder.inputs, outputs });
    return {
      trained,
      read: (pixels, count) =>
        valuesOf(
          tf.tidy(() => {
            const features = probed.predictOnBatch(network.images(pixels, count));
            return [model.predictOnBatch(features)].flat().map((logits) => tf.softmax(logits as tf.Tensor2D));
          }),
        ),
    };
  });
}

function column(network: RunningNetwork, page: Page) {
  const { label, input } = network.facts;
  const readings = readingsOf(network).map((reading) => ({
    ...reading,
    rows: reading.trained.layers.map(() => element('tbody')),
  }));
  const tables = readings.flatMap(({ trained: { protocol, layers, top1 }, rows }) =>
    layers.flatMap(({ layer }, i) => [
      element('h4', {}, `${layer} `, element('span', { class: 'note' }, aboutIt(protocol, top1[layer]))),
      element(
        'table',
        { class: 'bars', 'data-probe': `${label} ${layer}` },
        element('caption', { class: 'unseen' }, `What the probe of ${layer} of ${label} reads`),
        rows[i]!,
      ),
    ]),
  );
  return {
    place: element('article', {}, element('h3', {}, label), ...tables),
    /** Says what each layer gives in words. */
    async show(): Promise<string[]> {
      const said: string[] = [];
      for (const { trained, read, rows } of readings) {
        const all = await read(page.picture().pixels(input), 1);
        all.forEach((probabilities, i) => {
          const best = ranked(probabilities).slice(0, mostShown);
          rows[i]!.replaceChildren(...best.map((one) => bar(trained.classes[one]!, probabilities[one]!)));
          said.push(`${label}, ${trained.layers[i]!.layer}: ${trained.classes[best[0]!]}.`);
        });
      }
      return said;
    },
  };
}

function aboutIt(protocol: string, top1: number | undefined): string {
  const right = top1 === undefined ? '' : `, right on ${top1.toFixed(1)} % of the test images`;
  return `protocol ${protocol}${right}`;
}
