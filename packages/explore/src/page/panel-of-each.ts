import type { RunningNetwork } from '../running-network.ts';
import { element } from './element.ts';
import type { Page, Panel } from './page.ts';

/** A panel that is opened for each network by itself, of those that it is for, below the network's name. */
export function panelOfEach({
  suits,
  figures,
  open,
  ...facts
}: Pick<Panel, 'title' | 'gather'> & {
  /** Whether the panel is for a network. */
  suits(network: RunningNetwork): boolean;
  /** As `figures` of a panel, of a network that it is for. */
  figures: NonNullable<Panel['figures']>;
  open(place: HTMLElement, network: RunningNetwork, page: Page): void;
}): Panel {
  return {
    ...facts,
    fits: (networks) => networks.some(suits),
    figures: async (network, pixels, count) => (suits(network) ? figures(network, pixels, count) : []),
    open(place, page) {
      for (const network of page.networks.filter(suits)) {
        const inner = element('div', {}, element('h3', {}, network.facts.label));
        place.append(inner);
        open(inner, network, page);
      }
    },
  };
}
