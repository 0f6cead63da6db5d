import type { tf } from '@selfsup/engine/tensorflow';
import type { RunningNetwork } from '../running-network.ts';
import { colours, draw, picture } from './canvas.ts';

/** The first convolution that learns, where its kernels can be seen as grey or colour. */
export function firstConvolution({ encoder }: RunningNetwork): tf.layers.Layer | undefined {
  const layer = encoder.layers.find((one) => one.getClassName() === 'Conv2D' && one.trainableWeights.length > 0);
  return [1, 3].includes(layer?.weights[0]?.shape[2] ?? 0) ? layer : undefined;
}

/** Pictures of the first `most` filters of a convolution, each stretched to all of the range; they appear when they are read. */
export function filterPictures(layer: tf.layers.Layer, most: number): HTMLCanvasElement[] {
  const kernel = layer.weights[0]!.read();
  const [height, width, channels, all] = kernel.shape as [number, number, number, number];
  const canvases = Array.from({ length: Math.min(all, most) }, (_, filter) => picture(`Filter ${filter + 1}`));
  void kernel.data().then((values) =>
    canvases.forEach((canvas, filter) => {
      const own = Float32Array.from({ length: height * width * channels }, (_, i) => values[i * all + filter]!);
      const [low, high] = [Math.min(...own), Math.max(...own)];
      const stretched = own.map((value) => (255 * (value - low)) / (high - low || 1));
      draw(canvas, colours(stretched, { height, width, channels }), width);
    }),
  );
  return canvases;
}
