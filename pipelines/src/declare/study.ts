import { basename } from 'node:path';
import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson } from '@selfsup/kit/files';
import { parseOrExplain, readJson } from '@selfsup/kit/parse';
import { seedsSchema, type OverridePlace } from './experiment.ts';
import { gridOf, type Overrides } from './overrides.ts';

const path = z
  .string()
  .regex(/^[^.\s=]+(\.[^.\s=]+)+$/, 'must be a dotted path from the stage on, such as pretrain.config.epochs');

/** A study file: the settings of an experiment or a comparison that are varied. Strict: unknown keys are errors. */
export const studySchema = z
  .strictObject({
    $schema: z.string().optional(),
    about: z.strictObject({ title: z.string(), summary: z.string().optional() }).optional(),
    of: z.string().describe('The experiment or comparison whose settings are varied'),
    grid: z
      .record(path, z.array(z.unknown()).min(1))
      .optional()
      .describe('Dotted path from the stage on to the values that it takes: all combinations are run'),
    points: z
      .array(z.record(path, z.unknown()).refine((point) => Object.keys(point).length > 0, 'must set something'))
      .min(1)
      .optional()
      .describe('Single settings beside those of the grid: dotted path to value'),
    variants: z.array(z.string()).min(1).optional().describe('Variants of the experiment; all by default'),
    seeds: seedsSchema.optional().describe('Seeds; those of the experiment by default'),
    stages: z.array(z.string()).min(1).optional().describe('The stages to run, with what they need; all by default'),
  })
  .refine(({ grid, points }) => Object.keys(grid ?? {}).length > 0 || points !== undefined, {
    path: ['grid'],
    message: 'a study needs a grid, or points',
  });

/** A study that was read: its settings one by one. */
interface Study extends Omit<z.output<typeof studySchema>, 'grid' | 'points'> {
  /** Of its file, without the ending. */
  readonly name: string;
  readonly file: string;
  readonly points: readonly Overrides[];
  readonly place: OverridePlace;
}

/** Whether an argument names a study file, not an experiment or a comparison. */
export function isStudyFile(name: string): boolean {
  return name.endsWith('.json');
}

/** Reads a study file. Throws `UserError` naming file and field, also for settings that stand twice. */
export function readStudy(file: string): Study {
  const { grid = {}, points = [], ...rest } = parseOrExplain(studySchema, readJson(file), file);
  const place: OverridePlace = (one) => {
    if (Object.hasOwn(grid, one)) return { file, field: `grid.${one}` };
    return { file, field: `points.${points.findIndex((point) => Object.hasOwn(point, one))}.${one}` };
  };
  const ofGrid = Object.keys(grid).length === 0 ? [] : gridOf(grid, (one) => ({ file, field: `grid.${one}` }));
  const all = [...ofGrid, ...points];
  const texts = all.map(canonicalJson);
  points.forEach((_, i) => {
    const at = ofGrid.length + i;
    if (texts.indexOf(texts[at]!) === at) return;
    throw new UserError('These settings stand twice', {
      file,
      field: `points.${i}`,
      remedy: 'Leave them out here: another point or the grid has them.',
    });
  });
  return { ...rest, name: basename(file, '.json'), file, points: all, place };
}
