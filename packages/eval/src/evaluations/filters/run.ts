import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import type { StageContext, StageResult } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { filters, type Filters } from '@selfsup/report/figures/filters';
import { filterGrid, gridPng } from '@selfsup/report/images';
import { requireNeed } from '../../measures/require-need.ts';
import type { FiltersConfig } from './config.ts';
import { imageKernels, type ImageKernels } from './image-kernels.ts';

/** Runs `eval/filters`. Throws `UserError` as `imageKernels` does, and for kernels on neither grey nor colour. */
export async function drawFilters(context: StageContext<FiltersConfig>): Promise<StageResult> {
  const { config, workFolder } = context;
  await mkdir(workFolder, { recursive: true });
  const encoder = await loadEncoder(requireNeed(context, 'encoder').blob('checkpoint'));
  try {
    const stretched = stretchedFilters(imageKernels(encoder), config.contrast);
    const scale = Math.max(1, Math.ceil(config.cell / stretched.shape[2]));
    const file = join(workFolder, 'filters.png');
    await writeAtomically(file, gridPng(filterGrid(stretched), scale));
    return { metrics: [], files: { 'filters.png': file }, figures: [filters(stretched)] };
  } finally {
    encoder.model.dispose();
  }
}

/**
 * Kernels as pixels: the least value black, the greatest white, of each kernel or of all; a kernel without any
 * difference is grey.
 */
export function stretchedFilters({ layer, shape, values }: ImageKernels, contrast: 'each' | 'all'): Filters {
  const [height, width, channels, filters] = shape;
  if (channels !== 1 && channels !== 3)
    throw new UserError(`The kernels of '${layer}' have ${channels} channels: neither grey nor colour`, {
      field: 'needs.encoder',
      remedy: 'Name an encoder of grey or colour images.',
    });
  const size = height * width * channels;
  const kernels = Array.from({ length: filters }, (_, f) =>
    Float32Array.from({ length: size }, (_, i) => values[i * filters + f] as number),
  );
  const rangeOf = (all: readonly Float32Array[]): [number, number] =>
    all
      .flatMap((one) => [...one])
      .reduce<[number, number]>(
        ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
        [Infinity, -Infinity],
      );
  const common = rangeOf(kernels);
  const pixels = Buffer.alloc(filters * size);
  kernels.forEach((kernel, f) => {
    const [low, high] = contrast === 'all' ? common : rangeOf([kernel]);
    kernel.forEach((value, i) => {
      pixels[f * size + i] = high > low ? Math.round((255 * (value - low)) / (high - low)) : 128;
    });
  });
  return { layer, shape: [filters, height, width, channels], pixels: pixels.toString('base64') };
}
