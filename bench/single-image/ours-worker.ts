import { jpegEncode } from '@selfsup/data/pictures';
import { serve, workerSetup } from '@selfsup/data/testing/internals';
import { ImageMaker, type Generator } from '@selfsup/data/testing/single-image';

const maker = new ImageMaker(workerSetup<Generator>());

/** Makes and encodes images; answers with how many bytes they are. */
serve<readonly number[], number>(async (indices) => {
  let bytes = 0;
  for (const index of indices) bytes += jpegEncode(await maker.make(index), 95).length;
  return { answer: bytes };
});
