import { join } from 'node:path';
import { canonicalJson, writeAtomically } from '@selfsup/engine/files';
import { tf } from '@selfsup/engine/tensorflow';
import type { Training } from '@selfsup/trainer/training';
import type { TaskInstance } from '../task.ts';

/** Writes the small files of a finished training for the report, and the task's own; gives their names and paths. */
export async function writeOutputs(
  folder: string,
  instance: TaskInstance,
  state: Training<never>['state'],
  own: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    files[name] = join(folder, name);
    await writeAtomically(files[name], content);
  };
  await write('curve.json', canonicalJson({ train: state.train, test: state.test }));
  for (const [name, content] of Object.entries(own)) await write(name, content);
  const filters = firstLayerFilters(instance.models['encoder']!);
  if (filters !== undefined) await write('filters.json', canonicalJson(filters));
  const pictures = (await instance.preview?.()) ?? [];
  const listed = [];
  for (const [index, { png, ...about }] of pictures.entries()) {
    const file = `preview-${String(index).padStart(2, '0')}.png`;
    await write(file, png);
    listed.push({ file, ...about });
  }
  if (listed.length > 0) await write('preview.json', canonicalJson({ pictures: listed }));
  return files;
}

/**
 * Kernels of the first convolution `[kernels, height, width, channels]`, each stretched to 0..255 over its own
 * range, as base64 bytes; undefined when they cannot be shown as grey or RGB.
 */
function firstLayerFilters(encoder: tf.LayersModel) {
  // The first that learns: a Sobel filter before it is fixed.
  const layer = encoder.layers.find((one) => one.getClassName() === 'Conv2D' && one.trainableWeights.length > 0);
  const kernel = layer?.weights[0]?.read() as tf.Tensor4D | undefined;
  if (layer === undefined || kernel === undefined || ![1, 3].includes(kernel.shape[2])) return undefined;
  const pixels = tf.tidy(() => {
    const kernels = kernel.transpose([3, 0, 1, 2]);
    const low = kernels.min([1, 2, 3], true);
    const range = kernels.max([1, 2, 3], true).sub(low).maximum(1e-12);
    return kernels.sub(low).div(range).mul(255).round().toInt();
  });
  const result = {
    layer: layer.name,
    shape: pixels.shape,
    pixels: Buffer.from(Uint8Array.from(pixels.dataSync())).toString('base64'),
  };
  pixels.dispose();
  return result;
}
