import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { z } from 'zod';
import type { ConfusionFile, CurveFile, FiltersFile, Picture, StageOutputs } from './input.ts';

const points = z.array(z.record(z.string(), z.number().nullable()));
const curveSchema = z.object({ train: points, test: points });
const previewSchema = z.object({
  pictures: z.array(
    z.object({
      file: z.string(),
      caption: z.string(),
      alt: z.string().optional(),
      group: z.string().optional(),
      facts: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    }),
  ),
});
const filtersSchema = z.object({
  layer: z.string(),
  shape: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  pixels: z.string(),
});
const confusionSchema = z.object({
  title: z.string().optional(),
  classes: z.array(z.string()),
  matrix: z.array(z.array(z.number())),
});

/**
 * The small files of a published stage that a report shows: `curve.json`, `preview.json` with its PNG files,
 * `filters.json`, `confusion.json`. A file that is not there is left out.
 * Throws `UserError` naming a file that is there and cannot be understood.
 */
export async function readStageOutputs(folder: string): Promise<StageOutputs> {
  const [curve, preview, filters, confusion] = await Promise.all([
    read(folder, 'curve.json', curveSchema),
    read(folder, 'preview.json', previewSchema),
    read(folder, 'filters.json', filtersSchema),
    read(folder, 'confusion.json', confusionSchema),
  ]);
  return {
    curve: curve as CurveFile | undefined,
    preview: preview && (await Promise.all(preview.pictures.map((one) => loadPicture(folder, one)))),
    filters: filters as FiltersFile | undefined,
    confusion: confusion as ConfusionFile | undefined,
  };
}

async function read<T>(folder: string, name: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const file = join(folder, name);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const remedy = 'Remove the stage folder that holds it and run the experiment again.';
    throw new UserError(`A report cannot use this file: ${(cause as Error).message}`, { file, remedy, cause });
  }
}

async function loadPicture(folder: string, one: z.infer<typeof previewSchema>['pictures'][number]): Promise<Picture> {
  const { file, alt, group, facts, caption } = one;
  const image = await readFile(join(folder, basename(file)));
  return { image, caption, ...(alt && { alt }), ...(group && { group }), ...(facts && { facts }) };
}
