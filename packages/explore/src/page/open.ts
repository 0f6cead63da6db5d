import { startBackend, type BackendChoice, type BackendName } from '@selfsup/engine/browser-backends';
import type { PageData } from '../page-data.ts';
import { runNetwork, type NetworkModules, type RunningNetwork } from '../running-network.ts';
import { element } from './element.ts';
import { latest } from './latest.ts';
import type { Page, Panel } from './page.ts';
import { choosePictures } from './pictures.ts';
import { readTensors } from './read-tensors.ts';
import { unpack } from './unpack.ts';

/** The code that a page was given: what its networks and its visitors may need. */
export interface PageCode {
  readonly panels: readonly Panel[];
  readonly networks: NetworkModules;
}

/** Starts the page: its networks, then each panel that has something to show of them. */
export async function open(code: PageCode): Promise<void> {
  const main = document.querySelector('main')!;
  const status = document.getElementById('status')!;
  const fail = (error: unknown): void => {
    status.setAttribute('role', 'alert');
    status.textContent = `This page cannot go on here: ${error instanceof Error ? error.message : String(error)}`;
    console.error(error);
  };
  try {
    const data = JSON.parse(document.getElementById('page')!.textContent) as PageData;
    const [wasm, pixels] = await Promise.all([unpack('wasm'), unpack('images')]);
    const choice = await startBackend(wasm, wantedBackend());
    const { height, width, channels } = data.images;
    const size = height * width * channels;
    const pixelsOf = (image: number): Uint8Array => new Uint8Array(pixels, image * size, size);
    const networks = await answering(data, code.networks);
    const chooser = choosePictures(data.images, pixelsOf);
    let busy = 0;
    const say = (change: 1 | -1): void => main.setAttribute('aria-busy', String((busy += change) > 0));
    const page: Page = {
      networks,
      images: data.images,
      pixelsOf,
      picture: chooser.picture,
      onPicture: chooser.onPicture,
      answering(work) {
        const ask = latest(work);
        return () => {
          say(1);
          ask()
            .catch(fail)
            .finally(() => say(-1));
        };
      },
    };
    main.append(chooser.place);
    const [general, ofTasks] = [true, false].map((is) => code.panels.filter((one) => (one.isGeneral ?? false) === is));
    for (const panel of [...ofTasks!, ...general!].filter((one) => one.fits(networks))) {
      const place = element('section', {}, element('h2', {}, panel.title));
      main.append(place);
      panel.open(place, page);
    }
    status.textContent = whatComputes(choice);
  } catch (error) {
    fail(error);
  }
}

/** The networks that answer here. Of the others it is said which, and why. */
async function answering({ networks }: PageData, modules: NetworkModules): Promise<RunningNetwork[]> {
  const weights = await Promise.all(networks.map((_, i) => unpack(`weights-${i}`)));
  const answer: RunningNetwork[] = [];
  for (const [i, facts] of networks.entries()) {
    try {
      const network = runNetwork(facts, modules, readTensors(facts, weights[i]!));
      const { height, width, channels } = facts.input;
      await network.look(new Float32Array(height * width * channels));
      answer.push(network);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const told = element('p', { class: 'banner' }, `${facts.label} is left out, since it cannot run here: ${why}.`);
      document.getElementById('left-out')!.append(told);
    }
  }
  return answer;
}

/** What the page's address asks for, as `explore.html#backend=cpu`. */
function wantedBackend(): BackendName | undefined {
  return /^#backend=(\w+)$/.exec(location.hash)?.[1] as BackendName | undefined;
}

function whatComputes({ name, passedOver }: BackendChoice): string {
  const words = { webgpu: 'WebGPU', webgl: 'WebGL', wasm: 'WebAssembly', cpu: 'plain JavaScript' };
  const others = passedOver.map((one) => `${words[one.name]}: ${one.why}`);
  return `Computed here by ${words[name]}${others.length === 0 ? '' : ` (${others.join('; ')})`}.`;
}
