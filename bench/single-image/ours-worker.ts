import { jpegEncode } from '@selfsup/data/pictures';
import { serve } from '@selfsup/data/testing/internals';
import { ImageMaker, type Generator } from '@selfsup/data/testing/single-image';

/** Makes and encodes images; answers with how many bytes they are. */
serve<Generator, readonly number[], number>((generator) => {
  const maker = new ImageMaker(generator);
  return {
    answer: async (indices) => {
      let bytes = 0;
      for (const index of indices) bytes += jpegEncode(await maker.make(index), 95).length;
      return { answer: bytes };
    },
  };
});
