import { serve } from '../../workers/worker-side.ts';
import { ImageMaker, type Generator } from './generate.ts';

/** Makes the images of these numbers; answers with their pixels, one after another. */
serve<Generator, readonly number[], Uint8Array>((generator) => {
  const maker = new ImageMaker(generator);
  const bytes = generator.size ** 2 * 3;
  return {
    answer: async (indices) => {
      const answer = new Uint8Array(indices.length * bytes);
      for (const [place, index] of indices.entries()) answer.set((await maker.make(index)).pixels, place * bytes);
      return { answer, transfer: [answer.buffer] };
    },
  };
});
