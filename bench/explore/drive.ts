import { turned, type OpenPage, type PanelFacts, type RunningNetwork } from '@selfsup/explore/testing/internals';
import { projectiveCoefficients, usualStandardisation } from '@selfsup/tasks/aet-descriptions';

/** How far what a page shows is from what Node computes. */
export interface Agreement {
  readonly panel: string;
  readonly network: string;
  readonly numbers: number;
  /** The greatest difference: of probabilities and of numbers of the order of 1, or of what is drawn as shares of its range. */
  readonly most: number;
  /** Whether these are numbers that a network gives, not what is drawn of them. */
  readonly isAnswer: boolean;
}

/** What is read off the page at once: by panel and network the numbers that it shows. */
type Shown = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

/** Waits until the page has answered all that it was asked; gives its clock. */
export const settled = `new Promise((done) => {
  const look = () => document.querySelector('main').getAttribute('aria-busy') === 'false' || document.querySelector('[role=alert]') ? done(performance.now()) : setTimeout(look, 1);
  look();
})`;

/** Chooses a test image as a hand would, and where there is one turns it. */
export const choose = (image: number, degrees: number): string => `{
  document.querySelectorAll('[name=picture]')[${image}].click();
  const slider = document.getElementById('turn');
  if (slider !== null) {
    slider.value = ${degrees};
    slider.dispatchEvent(new Event('input'));
  }
}`;

const readAll = `(() => {
  const shown = {};
  const say = (panel, network, values) => ((shown[panel] ??= {})[network] = values);
  const numbers = (elements, key) => [...elements].flatMap((one) => one.dataset[key].split(' ').map(Number));
  for (const one of document.querySelectorAll('[data-network]')) say('rotnet', one.dataset.network, numbers(one.querySelectorAll('[data-probability]'), 'probability'));
  for (const one of document.querySelectorAll('[data-probe]')) {
    const network = one.closest('article').querySelector('h3').textContent;
    say('probe', network, [...(shown.probe?.[network] ?? []), ...numbers(one.querySelectorAll('[data-probability]'), 'probability')]);
  }
  const titles = { aed: 'Through the bottleneck', aet: 'Pull its corners', bigan: 'Out of a code', deepcluster: 'Where it falls', jigsaw: 'Shuffle it' };
  for (const section of document.querySelectorAll('section')) {
    const panel = Object.keys(titles).find((name) => titles[name] === section.querySelector('h2').textContent);
    if (panel === undefined) continue;
    for (const heading of section.querySelectorAll('h3')) {
      const place = panel === 'aed' ? section : heading.parentElement;
      if (panel === 'aed') say(panel, heading.textContent, numbers(place.querySelectorAll('[data-difference]'), 'difference'));
      if (panel === 'aet') for (const name of ['aet', 'aet corners']) say(name, heading.textContent, numbers(place.querySelectorAll('[data-corners]'), 'corners'));
      if (panel === 'jigsaw' || panel === 'deepcluster') say(panel, heading.textContent, numbers(place.querySelectorAll('[data-probability]'), 'probability'));
      if (panel === 'bigan') {
        const canvas = place.querySelector('[aria-label^="G(E(x))"]');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        say(panel, heading.textContent, [...data].filter((_, i) => i % 4 < 3));
      }
    }
  }
  return shown;
})()`;

/**
 * Goes through test images in the page, turning each and with the tiles in the first order of the set, and compares what is
 * shown with the same panels over the same checkpoints under TensorFlow.
 */
export async function compare(
  browser: OpenPage,
  networks: readonly RunningNetwork[],
  panels: Readonly<Record<string, PanelFacts>>,
  images: readonly Float32Array[],
): Promise<Agreement[]> {
  const found = new Map<string, Agreement>();
  // Every draw of the page is its first choice: of the orders of a puzzle that which Node is asked about.
  await browser.evaluate(`Math.random = () => 0; for (const button of document.querySelectorAll('button')) if (button.textContent.startsWith('Shuffle by')) button.click();`); // prettier-ignore
  for (const [i, pixels] of images.entries()) {
    const degrees = (i % 2 === 0 ? 90 * (i / 2) : 37 * i) % 360;
    await browser.evaluate(choose(i, degrees));
    await browser.evaluate(settled);
    const shown = await browser.evaluate<Shown>(readAll);
    for (const [panel, byNetwork] of Object.entries(shown))
      for (const [label, values] of Object.entries(byNetwork)) {
        const network = networks.find(({ facts }) => facts.label === label);
        if (network === undefined || values.length === 0) continue;
        const facts = panels[panel.split(' ')[0]!]!;
        const most = Math.max(...(await differences(panel, facts, network, pixels, degrees, values)));
        const before = found.get(`${panel} ${label}`);
        const isAnswer = ['rotnet', 'probe', 'jigsaw', 'deepcluster', 'aet'].includes(panel);
        found.set(`${panel} ${label}`, {
          ...{ panel, network: label, isAnswer },
          numbers: values.length + (before?.numbers ?? 0),
          // NaN is no agreement.
          most: most <= (before?.most ?? 0) ? before!.most : most,
        });
      }
  }
  return [...found.values()];
}

async function differences(
  name: string,
  panel: PanelFacts,
  network: RunningNetwork,
  pixels: Float32Array,
  degrees: number,
  shown: readonly number[],
): Promise<number[]> {
  const { height, width, channels } = network.facts.input;
  const against = (expected: readonly number[]): number[] =>
    expected.length === shown.length ? expected.map((value, i) => Math.abs(value - shown[i]!)) : [NaN];
  /** Likeliest first, as many as are shown of each part. */
  const likeliest = (values: readonly number[], parts: number): number[] =>
    Array.from({ length: parts }, (_, part) => values.slice((part * values.length) / parts, ((part + 1) * values.length) / parts))
      .flatMap((one) => one.sort((a, b) => b - a).slice(0, shown.length / parts)); // prettier-ignore
  if (name === 'rotnet')
    return against([...(await network.probabilities(turned(pixels, height, channels, degrees), 1))]);
  const figures = Array.from(await panel.figures!(network, pixels, 1)).map((value) => value / 100);
  if (name === 'jigsaw') return against([Math.max(...figures)]);
  if (name === 'deepcluster') return against(likeliest(figures, 1));
  if (name === 'probe')
    return against(
      likeliest(
        figures,
        network.facts.probes.reduce((sum, { layers }) => sum + layers.length, 0),
      ),
    );
  // Four corners mean one map, and that is what the decoder gives, as eight numbers of the order of 1.
  if (name === 'aet') {
    const given = estimateOf(shown, width);
    return estimateOf(figures.map((value) => value * width), width).map((value, i) => Math.abs(value - given[i]!)); // prettier-ignore
  }
  // A corner far from the picture, where nobody sees it, may lie at the horizon.
  if (name === 'aet corners')
    return figures.map((value, i) => (Math.abs(value - 0.5) < 1.5 ? Math.abs(value - shown[i]! / width) : 0));
  if (name === 'aed') {
    const off = figures.reduce((sum, value, i) => sum + Math.abs(value * 255 - pixels[i]!), 0) / figures.length;
    return against([off]).map((value) => value / 255);
  }
  // The canvas has whole numbers, and grey as three of them.
  const each = figures.length === shown.length ? figures : figures.flatMap((value) => [value, value, value]);
  return against(each.map((value) => value * 255)).map((value) => Math.max(0, value - 0.5) / 255);
}

/** The eight numbers by which AET describes the transformation after which the corners of a picture lie there, in pixels. */
function estimateOf(corners: readonly number[], side: number): number[] {
  const own = [0, 0, side, 0, side, side, 0, side];
  const shifts = corners.map((value, i) => value - own[i]!);
  const { mean, std } = usualStandardisation(side);
  return projectiveCoefficients({ scale: 1, turns: 0, shifts }, side).map((value, i) => (value - mean[i]!) / std[i]!);
}
