import { tf } from '@selfsup/engine/tensorflow';
import { featureShapeOf } from '@selfsup/models/heads';
import { normalise } from '@selfsup/models/normalise';
import type { JigsawConfig } from '@selfsup/tasks/pretext/jigsaw/config';
import {
  geometryOf,
  normaliseEachTile,
  puzzleHead,
  tileHead,
  TILES,
  windowSide,
  type Permutation,
} from '@selfsup/tasks/puzzle-network';
import { ranked } from '../../page/bars.ts';
import { colours, draw, picture } from '../../page/canvas.ts';
import { element } from '../../page/element.ts';
import type { Page } from '../../page/page.ts';
import { panelOfEach } from '../../page/panel-of-each.ts';
import { valuesOf, type RunningNetwork } from '../../running-network.ts';

const solvesPuzzles = ({ facts }: RunningNetwork): boolean => Array.isArray(facts.gathered['jigsaw']);

/** Nine tiles to shuffle, by hand or by an order of the set, and how the network puts them together. */
const jigsaw = panelOfEach({
  title: 'Shuffle it',
  gather: new URL('./gather.ts', import.meta.url),
  suits: solvesPuzzles,
  async figures(network, pixels, count) {
    const { solve, tilesOf, permutations } = puzzleSolver(network);
    const size = pixels.length / count;
    const numbers: number[] = [];
    for (let i = 0; i < count; i++) {
      const tiles = tilesOf(pixels.subarray(i * size, (i + 1) * size), permutations[i % permutations.length]!);
      numbers.push(...(await solve(tiles)).map((probability) => 100 * probability));
    }
    return numbers;
  },
  open: openOne,
});
export default jigsaw;

function openOne(place: HTMLElement, network: RunningNetwork, page: Page): void {
  const solver = puzzleSolver(network);
  const { permutations, tile } = solver;
  let order: Permutation = permutations[0]!;
  let lifted: number | undefined;
  const told = element('p', { role: 'status' });
  const slots = Array.from({ length: TILES }, (_, slot) => {
    // The button says which tile it is.
    const canvas = element('canvas', { 'aria-hidden': 'true' });
    const button = element('button', { type: 'button', class: 'tile', 'aria-pressed': 'false' }, canvas);
    button.addEventListener('click', () => lift(slot));
    return { button, canvas };
  });
  const places = Array.from({ length: TILES }, () => {
    const canvas = picture('');
    const mark = element('figcaption');
    return { figure: element('figure', {}, canvas, mark), canvas, mark };
  });
  const any = element('button', { type: 'button' }, 'Shuffle by an order of the set');
  any.addEventListener('click', () => {
    order = permutations[Math.floor(Math.random() * permutations.length)]!;
    answer();
  });
  place.append(
    element(
      'p',
      {},
      `It knows ${permutations.length} orders. Two tiles that are pressed one after the other change places.`,
    ),
    element('p', {}, any),
    element(
      'div',
      { class: 'puzzles' },
      puzzle(
        'Shuffled',
        slots.map(({ button }) => button),
      ),
      puzzle(
        'As the network puts it together',
        places.map(({ figure }) => figure),
      ),
    ),
    told,
  );

  /** Takes up a tile, or exchanges it with the one that was taken up. */
  const lift = (slot: number): void => {
    const other = lifted;
    lifted = other === undefined ? slot : undefined;
    for (const [i, { button }] of slots.entries()) button.setAttribute('aria-pressed', String(i === lifted));
    if (other === undefined) return;
    const changed = [...order];
    [changed[slot], changed[other]] = [changed[other]!, changed[slot]!];
    order = changed;
    answer();
  };

  const answer = page.answering(async () => {
    const pixels = page.picture().pixels(network.facts.input);
    const tiles = solver.tilesOf(pixels, order);
    const probabilities = await solver.solve(tiles);
    const [best] = ranked(probabilities);
    const believed = permutations[best!]!;
    const shape = { height: tile, width: tile, channels: network.facts.input.channels };
    const size = tiles.length / TILES;
    const rgb = Array.from({ length: TILES }, (_, slot) =>
      colours(tiles.subarray(slot * size, (slot + 1) * size), shape),
    );
    slots.forEach(({ canvas, button }, slot) => {
      draw(canvas, rgb[slot]!, tile);
      button.setAttribute('aria-label', `Slot ${slot + 1}, tile ${order[slot]! + 1}`);
    });
    const right = believed.filter((cell, slot) => cell === order[slot]).length;
    places.forEach(({ canvas, mark }, cell) => {
      const slot = believed.indexOf(cell);
      draw(canvas, rgb[slot]!, tile);
      const isRight = order[slot] === cell;
      mark.textContent = isRight ? '✓' : '✗';
      mark.className = `verdict ${isRight ? 'right' : 'wrong'}`;
      canvas.setAttribute('aria-label', `Place ${cell + 1}: tile ${order[slot]! + 1}, ${isRight ? 'right' : 'wrong'}`);
    });
    told.textContent = `${right} of ${TILES} tiles in their places; of this order it is sure with ${(100 * probabilities[best!]!).toFixed(1)} %.`;
    told.dataset['probability'] = String(probabilities[best!]);
  });
  page.onPicture(answer);
  answer();
}

/** Nine tiles with what they are above them. */
function puzzle(title: string, tiles: readonly HTMLElement[]): HTMLElement {
  const group = element('div', { class: 'puzzle', role: 'group', 'aria-label': title }, ...tiles);
  return element('div', {}, element('h4', {}, title), group);
}

/** The networks of a puzzle, and how tiles are cut and looked at. */
function puzzleSolver(network: RunningNetwork) {
  const { facts, encoder } = network;
  const { input, normalisation } = facts;
  const permutations = facts.gathered['jigsaw'] as Permutation[];
  const config = facts.taskConfig as unknown as JigsawConfig;
  const geometry = geometryOf(config.geometry);
  const { cell, tile } = geometry;
  const { build, embed } = network.code(facts.network);
  const small = { ...input, height: tile, width: tile };
  const isSame = input.height === tile && input.width === tile;
  const tileEncoder = isSame ? encoder : network.withWeights('encoder', build(small, [0, 0]));
  const tileVectors = network.withWeights('tile', tileHead(featureShapeOf(tileEncoder), config.head, [0, 0], embed));
  const units = tileVectors.outputs[0]!.shape[1]!;
  const head = network.withWeights('head', puzzleHead(units, permutations.length, config.head, [0, 0]));
  return {
    permutations,
    tile,
    /** `[9, tile, tile, channels]` of a picture: the middle of each cell of its middle, slot by slot. */
    tilesOf(pixels: Float32Array, order: Permutation): Float32Array {
      const { height, width, channels } = input;
      const side = windowSide(geometry);
      const margin = Math.floor((cell - tile) / 2);
      const [top, left] = [height, width].map((length) => Math.floor((length - side) / 2) + margin) as [number, number];
      const tiles = new Float32Array(TILES * tile * tile * channels);
      order.forEach((source, slot) => {
        for (let row = 0; row < tile; row++) {
          const y = top + cell * Math.floor(source / 3) + row;
          const from = (y * width + left + cell * (source % 3)) * channels;
          tiles.set(pixels.subarray(from, from + tile * channels), (slot * tile + row) * tile * channels);
        }
      });
      return tiles;
    },
    /** Of each permutation the probability. */
    async solve(tiles: Float32Array): Promise<Float32Array> {
      const answer = tf.tidy(() => {
        const pixels = tf.tensor4d(tiles, [TILES, tile, tile, input.channels]);
        const prepared =
          config.tileNormalisation === 'tile' ? normaliseEachTile(pixels) : normalise(pixels, normalisation);
        const vectors = tileVectors.predictOnBatch(tileEncoder.predictOnBatch(prepared) as tf.Tensor) as tf.Tensor;
        return tf.softmax(head.predictOnBatch(vectors.reshape([1, TILES * units])) as tf.Tensor2D);
      });
      return (await valuesOf([answer]))[0]!;
    },
  };
}
