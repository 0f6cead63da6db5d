import { tf } from '@selfsup/engine/tensorflow';
import { ranked } from '../../page/bars.ts';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import type { Page, Panel } from '../../page/page.ts';
import { testName } from '../../page/pictures.ts';
import { valuesOf, type RunningNetwork } from '../../running-network.ts';

/** Test images that are shown of each layer, the nearest first. */
const shownNeighbours = 6;
/** Pictures that go through a network before the page may answer again. */
const atOnce = 4;

/** The test images that are nearest to a picture, in each layer of each network. */
const neighbours: Panel = {
  title: 'What looks like it',
  isGeneral: true,
  fits: () => true,
  open(place, page) {
    const { count, height, width, channels } = page.images;
    const start = element('button', { type: 'button' }, `Look through all ${count} test images`);
    const told = element('p', { role: 'status' });
    const columns = element('div', { class: 'networks' });
    place.append(
      element(
        'p',
        {},
        'The mean of each channel over a layer makes a vector; near is what points in the same direction. A test image is ',
        'not its own neighbour.',
      ),
      element('p', {}, start),
      told,
      columns,
    );
    const fitting = page.networks.filter(
      ({ facts: { input } }) => input.height === height && input.width === width && input.channels === channels,
    );
    start.addEventListener('click', () => {
      start.hidden = true;
      const found = page.answering(async () => {
        const gone = await lookThrough(fitting, page, (text) => (told.textContent = text));
        const shown = gone.map((one) => column(one, page));
        columns.append(...shown.map((one) => one.place));
        const answer = page.answering(async () => {
          for (const one of shown) await one.show();
        });
        page.onPicture(answer);
        answer();
      });
      found();
    });
  },
};
export default neighbours;

/** A network with the vectors of all test images: of each layer unit vectors, one after another. */
interface Gone {
  readonly network: RunningNetwork;
  readonly vectors: readonly Float32Array[];
  vectorsOf(pixels: Float32Array, count: number): Promise<Float32Array[]>;
}

async function lookThrough(
  networks: readonly RunningNetwork[],
  page: Page,
  tell: (text: string) => void,
): Promise<Gone[]> {
  const { count } = page.images;
  const gone: Gone[] = [];
  for (const network of networks) {
    const vectorsOf = layerVectors(network);
    const parts: Float32Array[][] = [];
    for (let from = 0; from < count; from += atOnce) {
      const images = Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => page.pixelsOf(from + i));
      parts.push(await vectorsOf(joined(images.map((one) => Float32Array.from(one))), images.length));
      tell(`${network.facts.label}: ${from + images.length} of ${count} test images`);
      await new Promise((soon) => setTimeout(soon));
    }
    gone.push({
      network,
      vectorsOf,
      vectors: network.layers.map((_, layer) => joined(parts.map((part) => part[layer]!))),
    });
  }
  tell('');
  return gone;
}

/** Of pictures, for each layer the means of its channels as vectors of length 1, `[count, channels]`. */
function layerVectors(network: RunningNetwork): Gone['vectorsOf'] {
  const outputs = network.layers.map((layer) => network.encoder.getLayer(layer).output as tf.SymbolicTensor);
  const probed = tf.model({ inputs: network.encoder.inputs, outputs });
  return (pixels, count) =>
    valuesOf(
      tf.tidy(() =>
        [probed.predictOnBatch(network.images(pixels, count))].flat().map((map) => {
          const mean = map.mean([1, 2]);
          return mean.div(mean.square().sum(1, true).sqrt().maximum(1e-12));
        }),
      ),
    );
}

function column({ network, vectors, vectorsOf }: Gone, page: Page) {
  const rows = network.layers.map((layer) => {
    const figures = Array.from({ length: shownNeighbours }, () => picture(''));
    return {
      place: element('div', {}, element('h4', {}, layer), element('div', { class: 'maps' }, ...figures)),
      figures,
    };
  });
  return {
    place: element('article', {}, element('h3', {}, network.facts.label), ...rows.map((row) => row.place)),
    async show() {
      const { name, pixels } = page.picture();
      const own = await vectorsOf(pixels(network.facts.input), 1);
      rows.forEach(({ figures }, layer) => {
        const near = nearest(own[layer]!, vectors[layer]!).filter((image) => testName(page.images, image) !== name);
        figures.forEach((canvas, i) => {
          const image = near[i];
          if (image === undefined) return;
          draw(canvas, colours(page.pixelsOf(image), page.images), page.images.width);
          canvas.setAttribute('aria-label', `Neighbour ${i + 1}: ${testName(page.images, image)}`);
          canvas.title = testName(page.images, image);
        });
      });
    },
  };
}

/** Rows of unit vectors, those with the greatest product first. */
function nearest(vector: Float32Array, rows: Float32Array): number[] {
  const products = new Float32Array(rows.length / vector.length);
  for (let row = 0; row < products.length; row++)
    for (let i = 0; i < vector.length; i++) products[row]! += vector[i]! * rows[row * vector.length + i]!;
  return ranked(products);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
