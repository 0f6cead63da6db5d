import { overlaid } from '@selfsup/eval/attention-overlay';
import { bar, ranked } from '../../page/bars.ts';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import type { Page, Panel } from '../../page/page.ts';
import { turned } from '../../page/turned.ts';
import type { Look, RunningNetwork } from '../../running-network.ts';

/** Most outputs of a head that are shown, the likeliest first where there are more. */
const mostShown = 5;
/** Pixels of the side of an attention map, before the style sheet scales it. */
const mapSide = 96;

/** Turn a picture by any angle: what each network says of it, and where it looks, side by side. */
const rotnet: Panel = {
  title: 'Turn it',
  fits: (networks) => networks.some(({ facts }) => facts.task === 'rotnet'),
  async figures(network, pixels, count) {
    const { height, channels } = network.facts.input;
    const size = height * height * channels;
    const all = new Float32Array(pixels.length);
    for (let i = 0; i < count; i++)
      all.set(turned(pixels.subarray(i * size, (i + 1) * size), height, channels, 90 * (i % 4)), i * size);
    return (await network.probabilities(all, count)).map((probability) => 100 * probability);
  },
  open(place, page) {
    const square = page.networks.filter(({ facts: { input } }) => input.height === input.width);
    const columns = square.map(networkColumn);
    const { controls, degrees, onTurn, show } = turning(page);
    const told = element('p', { role: 'status', class: 'unseen' });
    place.append(
      element(
        'p',
        {},
        'RotNet was only ever asked by how many quarter turns an image was turned, counter-clockwise. What it had to ',
        'notice for that shows in the coloured maps: lighter is where a layer is more active.',
      ),
      controls,
      element('div', { class: 'networks' }, ...columns.map((column) => column.place)),
      told,
    );
    const answer = page.answering(async () => {
      const angle = degrees();
      show(angle);
      const said: string[] = [];
      for (const [at, network] of square.entries()) {
        const { input } = network.facts;
        const pixels = turned(page.picture().pixels(input), input.height, input.channels, angle);
        const look = await network.look(pixels);
        columns[at]!.show(look, scaledUp(colours(pixels, input), input.height));
        said.push(...inWords(network, look));
      }
      told.textContent = `${page.picture().name}, turned by ${angle}°. ${said.join(' ')}`;
    });
    onTurn(answer);
    page.onPicture(answer);
    answer();
  },
};
export default rotnet;

/** The picture with what turns it. */
function turning(page: Page) {
  const side = page.images.height;
  const canvas = picture('');
  const slider = element('input', { type: 'range', id: 'turn', min: 0, max: 359, value: 0 });
  const shown = element('output', { for: 'turn' });
  const listeners: (() => void)[] = [];
  const degrees = (): number => Number(slider.value);
  const turnBy = (change: number): void => {
    slider.value = String((degrees() + change + 360) % 360);
    for (const listener of listeners) listener();
  };
  const quarter = (words: string, change: number): HTMLButtonElement => {
    const button = element('button', { type: 'button' }, words);
    button.addEventListener('click', () => turnBy(change));
    return button;
  };
  slider.addEventListener('input', () => turnBy(0));
  const controls = element(
    'div',
    { class: 'turning' },
    element('div', { class: 'picture' }, canvas),
    element(
      'div',
      {},
      element('p', {}, element('label', { for: 'turn' }, 'Turned counter-clockwise by '), shown),
      element('p', {}, slider),
      element('p', {}, quarter('↺ a quarter', 90), ' ', quarter('↻ a quarter back', -90)),
    ),
  );
  return {
    controls,
    degrees,
    onTurn: (listener: () => void) => void listeners.push(listener),
    show(angle: number) {
      const input = { height: side, width: side, channels: page.images.channels };
      draw(canvas, colours(turned(page.picture().pixels(input), side, input.channels, angle), input), side);
      canvas.setAttribute('aria-label', `${page.picture().name}, turned by ${angle}° counter-clockwise`);
      shown.textContent = `${angle}°`;
    },
  };
}

/** One network: its probabilities, then a map of each layer. */
function networkColumn({ facts, layers }: RunningNetwork) {
  const rows = element('tbody');
  const maps = layers.map((layer) => picture(`Attention of ${layer}`));
  const trained = facts.task === 'random' ? 'random weights, nothing learned' : `${facts.task}, ${facts.epoch} epochs`;
  const place = element(
    'article',
    { 'data-network': facts.label },
    element('h3', {}, facts.label),
    element('p', { class: 'note' }, trained),
    facts.outputs === undefined
      ? element('p', { class: 'note' }, 'It has nothing to say: it was never asked.')
      : element('table', { class: 'bars' }, element('caption', { class: 'unseen' }, `What ${facts.label} says`), rows),
    element(
      'div',
      { class: 'maps' },
      ...layers.map((layer, i) => element('figure', {}, maps[i]!, element('figcaption', {}, layer))),
    ),
  );
  return {
    place,
    show({ probabilities, attention }: Look, rgb: Uint8Array) {
      const shown = ranked(probabilities).slice(0, mostShown);
      // Few outputs keep their places, so that the eye can follow them.
      if (probabilities.length <= mostShown) shown.sort((a, b) => a - b);
      rows.replaceChildren(...shown.map((output) => bar(facts.outputs![output]!, probabilities[output]!)));
      attention.forEach(({ map }, i) => draw(maps[i]!, overlaid(rgb, map, mapSide), mapSide));
    },
  };
}

function inWords({ facts: { label, outputs } }: RunningNetwork, { probabilities }: Look): string[] {
  const [best] = ranked(probabilities);
  if (best === undefined) return [];
  return [`${label} says ${outputs![best]}, with ${(100 * probabilities[best]!).toFixed(0)} %.`];
}

/** Colours `[side, side, 3]` at the size of a map, each pixel a square of them. */
function scaledUp(rgb: Uint8Array, side: number): Uint8Array {
  const result = new Uint8Array(mapSide * mapSide * 3);
  for (let i = 0; i < mapSide * mapSide; i++) {
    const [row, column] = [Math.floor(i / mapSide), i % mapSide].map((at) => Math.floor((at * side) / mapSide));
    const from = 3 * (row! * side + column!);
    result.set(rgb.subarray(from, from + 3), 3 * i);
  }
  return result;
}
