import { serve, workerSetup } from '../../workers/worker-side.ts';
import { ImageMaker, type Generator } from './generate.ts';

const generator = workerSetup<Generator>();
const maker = new ImageMaker(generator);

/** Makes the images of these numbers; answers with their pixels, one after another. */
serve<readonly number[], Uint8Array>(async (indices) => {
  const bytes = generator.size ** 2 * 3;
  const answer = new Uint8Array(indices.length * bytes);
  for (const [place, index] of indices.entries()) answer.set((await maker.make(index)).pixels, place * bytes);
  return { answer, transfer: [answer.buffer] };
});
