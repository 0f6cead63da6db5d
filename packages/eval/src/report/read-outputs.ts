import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { z } from 'zod';
import type { ConfusionFile, CurveFile, FiltersFile, Picture, ScatterMap, StageOutputs } from './input.ts';

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
const scatterSchema = z.object({
  maps: z.array(
    z
      .object({
        title: z.string(),
        xLabel: z.string(),
        yLabel: z.string(),
        classes: z.array(z.object({ name: z.string(), count: z.int() })),
        x: z.array(z.number()),
        y: z.array(z.number()),
        label: z.array(z.int()),
        picture: z.object({ file: z.string(), alt: z.string() }).optional(),
      })
      .refine(
        ({ x, y, label }) => x.length === y.length && x.length === label.length,
        'x, y and label differ in length',
      ),
  ),
});

/**
 * The small files of a published stage that a report shows: `curve.json`, `preview.json` with its PNG files,
 * `filters.json`, `confusion.json`, `scatter.json`. A file that is not there is left out.
 * Throws `UserError` naming a file that is there and cannot be understood.
 */
export async function readStageOutputs(folder: string): Promise<StageOutputs> {
  const [curve, preview, filters, confusion, scatter] = await Promise.all([
    read(folder, 'curve.json', curveSchema),
    read(folder, 'preview.json', previewSchema),
    read(folder, 'filters.json', filtersSchema),
    read(folder, 'confusion.json', confusionSchema),
    read(folder, 'scatter.json', scatterSchema),
  ]);
  return {
    curve: curve as CurveFile | undefined,
    preview: preview && (await Promise.all(preview.pictures.map((one) => loadPicture(folder, one)))),
    filters: filters as FiltersFile | undefined,
    confusion: confusion as ConfusionFile | undefined,
    scatter: scatter && (await Promise.all(scatter.maps.map((map) => loadMap(folder, map)))),
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

async function loadMap(folder: string, { picture, ...map }: z.infer<typeof scatterSchema>['maps'][number]) {
  const loaded: ScatterMap = map;
  if (picture === undefined) return loaded;
  return { ...loaded, picture: { image: await readFile(join(folder, basename(picture.file))), alt: picture.alt } };
}
