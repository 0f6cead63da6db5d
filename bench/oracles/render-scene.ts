// Draws the picture that comes with Selfsup anew: node --import tsx bench/oracles/render-scene.ts
import { join } from 'node:path';
import sharp from 'sharp';
import { renderScene } from '@selfsup/data/testing/single-image';

const to = join(import.meta.dirname, '../../packages/data/src/sources/single-image/scene.jpg');
const { data, height, width } = await renderScene();
await sharp(data, { raw: { height, width, channels: 3 } })
  .jpeg({ quality: 82 })
  .toFile(to);
console.log(to);
