import type { NetworkFacts } from './page-data.ts';
import type { RunningNetwork } from './running-network.ts';

/** What a panel is beside what it does in the browser. */
export interface PanelFacts {
  readonly title: string;
  /** It has something to show of most networks, so that it comes after those that are for a task. */
  readonly isGeneral?: boolean;
  /** Whether it has something to show of these. */
  fits(networks: readonly RunningNetwork[]): boolean;
  /**
   * The numbers that it shows of a network for these pictures (`[count, height, width, channels]`, 0..255), in points: of
   * probabilities hundredths, of pixels hundredths of their range. Float16 weights must not change them by 0.1. None of a
   * network that it has no use for; absent where it shows only what has 256 colours.
   */
  figures?(network: RunningNetwork, pixels: Float32Array, count: number): Promise<ArrayLike<number>>;
  /** The file `./gather.ts` beside, of panels that need more than checkpoint and config. */
  readonly gather?: URL;
}

/**
 * Default export of a panel's `gather.ts`, which runs under Node: what it finds is put into the page as JSON. Undefined for
 * networks that the panel has no use for.
 */
export type Gather = (facts: NetworkFacts) => Promise<unknown>;
