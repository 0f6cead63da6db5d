import { startBackend, type BackendChoice, type BackendName } from '@selfsup/engine/browser-backends';
import type { PageData } from '../page-data.ts';
import { runNetwork, type NetworkModules } from '../running-network.ts';
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
    const networks = await Promise.all(
      data.networks.map(async (facts, i) => {
        const tensors = readTensors(facts, await unpack(`weights-${i}`));
        return runNetwork(facts, code.networks, tensors);
      }),
    );
    const { height, width, channels } = data.images;
    const size = height * width * channels;
    const pixelsOf = (image: number): Uint8Array => new Uint8Array(pixels, image * size, size);
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

/** What the page's address asks for, as `explore.html#backend=cpu`. */
function wantedBackend(): BackendName | undefined {
  return /^#backend=(\w+)$/.exec(location.hash)?.[1] as BackendName | undefined;
}

function whatComputes({ name, passedOver }: BackendChoice): string {
  const words = { webgpu: 'WebGPU', webgl: 'WebGL', wasm: 'WebAssembly', cpu: 'plain JavaScript' };
  const others = passedOver.map((one) => `${words[one.name]}: ${one.why}`);
  return `Computed here by ${words[name]}${others.length === 0 ? '' : ` (${others.join('; ')})`}.`;
}
