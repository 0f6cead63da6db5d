import { openDataset } from '../dataset.ts';
import { annotatedImages, type AnnotatedImages } from '../loading/annotated-images.ts';
import { serve } from '../workers/worker-side.ts';
import { selectiveSearch, type SearchSettings } from './selective-search.ts';

/** What a thread is started with. */
export interface SearchSetup {
  /** Folder of the dataset. */
  readonly folder: string;
  readonly settings: SearchSettings;
}

/** An image to search. */
export interface ToSearch {
  readonly split: string;
  readonly index: number;
}

serve<SearchSetup, ToSearch, Float32Array>(({ folder, settings }) => {
  const dataset = openDataset(folder);
  const splits = new Map<string, AnnotatedImages>();
  return {
    answer: ({ split, index }) => {
      const images = splits.get(split) ?? annotatedImages(dataset, split);
      splits.set(split, images);
      const { name, pixels, height, width } = images.image(index);
      const answer = selectiveSearch({ pixels, height, width, channels: 3 }, name, settings);
      return { answer, transfer: [answer.buffer as ArrayBuffer] };
    },
    close: () => dataset.close(),
  };
});
