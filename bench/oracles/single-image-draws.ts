// The picture and the draws of the test of packages/data/src/sources/single-image, for write_single_image.py.
import { smoothPixels } from '@selfsup/data/testing/archives';
import { drawsFor, strengthsSchema } from '@selfsup/data/testing/single-image';

const side = 400;
const images = [1, 2, 3, 5, 8, 13].map((index) => {
  return { index, draws: drawsFor(strengthsSchema.parse({}), 1, index, side, side) };
});
console.log(JSON.stringify({ side, size: 24, pixels: [...smoothPixels(3, side, 3)], images }));
