import type { Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { randomKey } from '@selfsup/kit/random';
import { modelWeights, variableData } from '@selfsup/models/weights';
import { html, type Content } from '@selfsup/report/markup';
import type { NetworkData, PageData } from '../page-data.ts';
import type { PanelFacts } from '../panel.ts';
import { bundlePage } from './bundle.ts';
import { pageDocument } from './document.ts';
import { gatherNetwork, type GatheredNetwork, type NetworkSource } from './gather-network.ts';
import { pack } from './pack.ts';
import { choosePrecision, weightBytes, type ChosenPrecision } from './precision.ts';
import { testImages, type TestImages } from './test-images.ts';

/** What a page is made of. */
export interface PageRequest {
  readonly title: string;
  readonly eyebrow: Content;
  readonly networks: readonly NetworkSource[];
  /** Whose test images are in the page. */
  readonly dataset: Dataset;
  /** Number of test images. */
  readonly images: number;
  /** Names of the panels that there are. */
  readonly panels: readonly string[];
  /** Bytes that weights may take, as they stand in the page: 15 MB if not said otherwise. What does not fit is left out. */
  readonly weights?: number | undefined;
}

/** Pictures on which is looked what rounded weights change, at most. */
const mostCompared = 256;

/**
 * Makes a page in which these networks run: one HTML file that loads nothing. Where none of them has random weights, such a
 * one of the first one's architecture is put beside. Throws `UserError` for a checkpoint or images that do not fit.
 */
export async function makePage(request: PageRequest): Promise<string> {
  const { dataset } = request;
  const panels = Object.fromEntries(
    await Promise.all(request.panels.map(async (name) => [name, await loadPanel(name)] as const)),
  );
  const gathered: GatheredNetwork[] = [];
  for (const source of request.networks) gathered.push(await gatherNetwork(source, dataset.manifest.classes, panels));
  const [first] = gathered;
  if (first === undefined) throw new UserError('A page needs a network', { remedy: 'Name one or more checkpoints.' });
  if (gathered.every(({ facts }) => facts.task !== 'random')) gathered.push(withRandomWeights(first));
  const images = testImages(dataset, request.images, first.facts.input);
  return assembled(request, gathered, images, panels);
}

async function assembled(
  { title, eyebrow, weights: most = 15e6 }: PageRequest,
  gathered: readonly GatheredNetwork[],
  images: TestImages,
  panels: Readonly<Record<string, PanelFacts>>,
): Promise<string> {
  const names = [...new Set(gathered.flatMap(({ modules }) => Object.keys(modules)))].sort();
  const { loader, code, wasm } = await bundlePage(Object.keys(panels), names);
  const blocks: Record<string, string> = { wasm: pack(wasm), images: pack(images.pixels) };
  const networks: NetworkData[] = [];
  const [notes, leftOut]: [Content[], Content[]] = [[], []];
  let room = most;
  for (const network of gathered) {
    const { facts, tensors } = network;
    const refuse = (bytes: number): void => void leftOut.push(sizeNote(facts.label, tensors, bytes, most, room));
    // Four characters stand for three bytes. What is far too large need not be tried.
    const halved = (sizeOf(tensors) * 2 * 4) / 3;
    if (halved > 2 * room) {
      refuse(halved);
      continue;
    }
    const chosen = await choosePrecision(network, Object.values(panels), ...comparedPictures(images, network));
    const weights = pack(weightBytes(tensors, chosen.precision));
    if (weights.length > room) {
      refuse(weights.length);
      continue;
    }
    room -= weights.length;
    blocks[`weights-${networks.length}`] = weights;
    const listed = [...tensors].map(([name, { shape }]) => ({ name, shape }));
    networks.push({ ...facts, precision: chosen.precision, tensors: listed });
    notes.push(precisionNote(facts.label, chosen));
  }
  const page: PageData = { networks, images: images.data };
  return pageDocument(
    {
      ...{ title, eyebrow, notes, leftOut, loader, code },
      summary:
        'The trained networks run in this page. Nothing is loaded and nothing is sent: the page has no connection, and a ' +
        'picture of yours never leaves it.',
      status: 'The networks are unpacked.',
      blocks: { page: JSON.stringify(page), ...blocks },
    },
    pack(code),
  );
}

async function loadPanel(name: string): Promise<PanelFacts> {
  const specifier = `@selfsup/explore/panels/${name}`;
  return ((await import(/* @vite-ignore */ specifier)) as { default: PanelFacts }).default;
}

/** Pictures on which is looked what rounded weights change: none for a network that takes others than are in the page. */
function comparedPictures(
  { data, pixels }: TestImages,
  { facts: { input } }: GatheredNetwork,
): [pixels: Float32Array, count: number] {
  const { height, width, channels } = data;
  const size = height * width * channels;
  const isTaken = input.height === height && input.width === width && input.channels === channels;
  const count = isTaken ? Math.min(data.count, mostCompared) : 0;
  return [Float32Array.from(pixels.subarray(0, count * size)), count];
}

/** Number of values. */
function sizeOf(tensors: GatheredNetwork['tensors']): number {
  return [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
}

function sizeNote(
  label: string,
  tensors: GatheredNetwork['tensors'],
  bytes: number,
  most: number,
  room: number,
): Content {
  const megabytes = (count: number): string => `${(count / 1e6).toFixed(1)} MB`;
  const millions = (sizeOf(tensors) / 1e6).toFixed(1);
  return html`${label} is left out: its ${millions} million weights would take ${megabytes(bytes)} here, and a page has
  ${megabytes(most)} for weights${room < most && html`, of which ${megabytes(room)} were left`}.`;
}

function precisionNote(label: string, { precision, points }: ChosenPrecision): Content {
  if (points === undefined) return html`${label}: weights in ${precision}.`;
  const most = points < 100 ? `up to ${points.toPrecision(2)}` : 'more than 100';
  const changes = `float16 would change a number that is shown by ${most} points`;
  return precision === 'float32'
    ? html`${label}: weights in float32; ${changes}.`
    : html`${label}: weights in float16, which changes no number that is shown by more than ${points.toPrecision(2)}
      points on the test images here.`;
}

/** The same architecture with the weights with which a training of that seed begins. */
function withRandomWeights({ facts, modules }: GatheredNetwork): GatheredNetwork {
  const { name, config } = facts.network;
  const model = modules[name]!.build(config, facts.input, randomKey(facts.seed, 'weights', 'encoder'));
  const tensors = variableData(modelWeights('encoder', model));
  model.dispose();
  const { outputs: _outputs, adversaries: _adversaries, trainedOn: _data, ...rest } = facts;
  const own = { label: 'random', task: 'random', epoch: 0, probes: [], gathered: {} };
  return { facts: { ...rest, ...own }, modules, tensors };
}
