import type { ImageShape } from '@selfsup/models/network';
import type { ImagesData } from '../page-data.ts';
import type { PanelFacts } from '../panel.ts';
import type { RunningNetwork } from '../running-network.ts';

/** The picture that is looked at. */
export interface ChosenPicture {
  /** In words, for those who do not see it. */
  readonly name: string;
  /** `[height, width, channels]`, 0..255, for a network that takes images of this size. */
  pixels(input: ImageShape): Float32Array;
}

/** What panels build on. */
export interface Page {
  readonly networks: readonly RunningNetwork[];
  readonly images: ImagesData;
  /** The pixels of a test image, as the page has them. */
  readonly pixelsOf: (image: number) => Uint8Array;
  readonly picture: () => ChosenPicture;
  /** Calls `listener` whenever another picture is chosen. */
  onPicture(listener: () => void): void;
  /**
   * Makes of a panel's work what is to be called when its settings or the picture change: done at once, or once more after
   * what is being done. The page says that it is busy meanwhile, and what went wrong.
   */
  answering(work: () => Promise<void>): () => void;
}

/** A way to play with networks: default export of `src/panels/<name>/<name>.ts`. It may use all that browsers have. */
export interface Panel extends PanelFacts {
  /** Fills `place` and begins to answer. */
  open(place: HTMLElement, page: Page): void;
}
