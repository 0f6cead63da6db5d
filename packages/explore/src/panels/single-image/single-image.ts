import type { TrainingData } from '../../page-data.ts';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import { filterPictures, firstConvolution } from '../../page/first-layer.ts';
import type { Panel } from '../../page/page.ts';
import type { RunningNetwork } from '../../running-network.ts';

/** Filters of a network that are shown at most. */
const mostShown = 96;

/** What one, ten or a thousand pictures taught, beside what all images of a dataset did: the filters of the first layer. */
const singleImage: Panel = {
  title: 'What so few pictures taught',
  fits: (networks) => networks.some(({ facts }) => facts.trainedOn?.ofFewPictures === true),
  open(place, page) {
    place.append(
      element(
        'p',
        {},
        'Each network saw as many images, but these were made of one or a few pictures, or are all of a dataset. ',
        'Above, the first of its images; below, the filters of its first layer.',
      ),
      element('div', { class: 'networks' }, ...page.networks.map(column)),
    );
  },
};
export default singleImage;

function column(network: RunningNetwork): HTMLElement {
  const { label, task, trainedOn } = network.facts;
  const layer = firstConvolution(network);
  const said = task === 'random' ? 'No image: random weights' : (trainedOn?.chosen ?? 'It is not known what it saw');
  const filters = layer === undefined ? [] : filterPictures(layer, mostShown);
  return element(
    'article',
    {},
    element('h3', {}, label),
    element('p', { class: 'note' }, said),
    element('div', { class: 'maps' }, ...(task === 'random' ? [] : firstImages(trainedOn))),
    element('h4', {}, 'First layer'),
    element('div', { class: 'filters' }, ...filters),
  );
}

function firstImages({ first }: Partial<TrainingData> = {}): HTMLCanvasElement[] {
  if (first === undefined) return [];
  const size = first.height * first.width * first.channels;
  const bytes = Uint8Array.from(atob(first.pixels), (character) => character.charCodeAt(0));
  return Array.from({ length: first.count }, (_, i) => {
    const canvas = picture(`Training image ${i + 1}`);
    draw(canvas, colours(bytes.subarray(i * size, (i + 1) * size), first), first.width);
    return canvas;
  });
}
