import { z } from 'zod';
import { exploreSchema, type ExploreConfig } from '@selfsup/explore/stage';
import { UserError } from '@selfsup/kit/errors';
import { parseOrExplain, readJson } from '@selfsup/kit/parse';
import { publishedEntrySchema } from '@selfsup/report/published';
import { reservedNames } from '../store/artifacts.ts';
import { datasetOf, expandVariants, type StageDeclaration, type VariantPlan } from './expand.mjs';
import { setVariantName, type Overrides } from './overrides.ts';
import { partFile } from './parts.ts';
import { assertKnown, datasetFile, experimentFile, type Workspace } from './workspace.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes');
const variantName = name.refine((value) => !reservedNames.includes(value), 'is a reserved name');

const expectedSchema = z.strictObject({
  metric: z.string(),
  variant: z.string().optional(),
  value: z.number(),
  tolerance: z.number().positive(),
  source: z.string(),
});

/** What an experiment says about itself: never part of any key. */
const aboutSchema = z.strictObject({
  title: z.string(),
  summary: z.string().optional(),
  paper: z.string().optional(),
  command: z.string().optional(),
  time: z.string().optional(),
  smallTwin: name.optional(),
  published: z.array(publishedEntrySchema({ variant: z.string().optional() })).optional(),
  expected: z.array(expectedSchema).optional(),
});

/** A stage as declared; its `config` is checked by the schema of the part that it uses. */
export const stageSchema = z.strictObject({
  uses: z.string().describe('The part that runs: <package>/<name>, such as tasks/rotnet or eval/linear-probe'),
  needs: z
    .record(z.string(), z.string())
    .default({})
    .describe('Role to what fills it: data/<dataset> or the name of another stage'),
  config: z.record(z.string(), z.unknown()).default({}).describe('Checked by the schema of the part'),
});

export const seedsSchema = z
  .array(z.int().min(0).max(0xffffffff))
  .min(1)
  .refine((seeds) => new Set(seeds).size === seeds.length, 'seeds must differ');

/** An `experiment.json`. Strict: unknown keys are errors. Stage configs are checked by their parts' own schemas. */
export const experimentSchema = z.strictObject({
  $schema: z.string().optional(),
  about: aboutSchema,
  seeds: seedsSchema.default([1]),
  variants: z
    .record(variantName, z.record(z.string(), z.unknown()))
    .optional()
    .describe('Variant name to overrides: dotted path from the stage on, such as "pretrain.config.epochs", to value'),
  sharedPhotographs: z
    .enum(['refuse', 'warn'])
    .optional()
    .describe('What becomes of testing on photographs that were trained on in another dataset; refused by default'),
  explore: exploreSchema.optional().describe('Makes a page in which the pretrained networks run, beside the report'),
  stages: z
    .record(name, stageSchema)
    .refine((stages) => Object.keys(stages).length > 0, 'an experiment needs at least one stage'),
});

type About = z.output<typeof aboutSchema>;

/** An experiment that was read and whose structure was found sound: order, references and parts exist. */
export interface Experiment {
  readonly name: string;
  readonly file: string;
  readonly about: About;
  readonly seeds: readonly number[];
  readonly variants: readonly Variant[];
  /** Whether photographs that were trained on in another dataset may be tested on. */
  readonly sharedPhotographs: 'refuse' | 'warn' | undefined;
  /** Of the page in which its networks run; undefined where it is to have none. */
  readonly explore: ExploreConfig | undefined;
  /** Where the overrides of variants are written. */
  readonly place: OverridePlace;
}

/** A variant that is declared, or one that overrides have made of it. */
export interface Variant extends VariantPlan {
  /** The declared one; its own name where nothing is set. */
  readonly of: string;
  /** What `--set` or a study put in the place of what is declared. */
  readonly set: Overrides;
}

/** Where an override is written, for messages; `--set <path>` where nothing else is said. */
export type OverridePlace = (path: string) => { readonly file?: string; readonly field: string };

const onCommandLine: OverridePlace = (path) => ({ field: `--set ${path}` });

/**
 * Reads an experiment and checks its structure: keys, references, cycles, datasets and parts that exist.
 * With overrides (from `--set` or a study) each variant becomes as many new ones beside the declared ones; `place` says
 * where they are written. Throws `UserError` naming file and field. Stage configs are checked by `checkStages`.
 */
export function readExperiment(
  workspace: Workspace,
  experimentName: string,
  points: readonly Overrides[] = [],
  place: OverridePlace = onCommandLine,
): Experiment {
  const file = experimentFile(workspace, experimentName);
  const parsed = parseOrExplain(experimentSchema, readJson(file), file);
  const declared = parsed.variants ?? {};
  const own = Object.entries(Object.keys(declared).length > 0 ? declared : { base: {} });
  const plain = points.every((set) => Object.keys(set).length === 0);
  const variants = (plain ? [{}] : points).flatMap((set) =>
    own.map(([of, overrides]): Variant => {
      const name = Object.keys(set).length === 0 ? of : setVariantName(of, set);
      try {
        const [plan] = expandVariants({ stages: parsed.stages, variants: { [name]: { ...overrides, ...set } } });
        const variant = { ...plan!, of, set };
        checkStructure(workspace, file, variant);
        return variant;
      } catch (error) {
        const explained = explainStructure(error as StructureError, file, of, Object.keys(parsed.stages));
        throw blameOverride(explained, set, place, (error as StructureError).path);
      }
    }),
  );
  const { about, seeds, sharedPhotographs, explore } = parsed;
  return { name: experimentName, file, about, seeds, sharedPhotographs, explore, variants, place };
}

/** The error with the place of the override that has brought it in, where one has. */
export function blameOverride(error: unknown, set: Overrides, place: OverridePlace, path?: string): unknown {
  if (!(error instanceof UserError)) return error;
  const below = (field: string, other: string): boolean => `${field}.`.startsWith(`${other}.`);
  const field = (path ?? error.field ?? '').replace(/^stages\./, '');
  const guilty = Object.keys(set).find((one) => below(field, one) || below(one, field));
  if (guilty === undefined) return error;
  const remedy = [error.remedy, settingHint(guilty)].filter(Boolean).join(' ') || undefined;
  return new UserError(error.message, { file: error.file, ...place(guilty), remedy, cause: error });
}

/** How a setting is named, for a path too short to name one. */
function settingHint(path: string): string | undefined {
  const [stage, key, ...rest] = path.split('.');
  if (key === undefined) return `A setting is named <stage>.config.${stage}.`;
  if (rest.length > 0 || ['uses', 'needs', 'config'].includes(key)) return undefined;
  return `A setting is named ${stage}.config.${key}.`;
}

/**
 * The `--set` arguments that `--data` arguments stand for: `imagenet=imagenet-sample` puts the dataset `imagenet-sample`
 * wherever the experiment needs `imagenet`. Throws `UserError` for one that is no such assignment, and for a dataset that
 * the experiment does not need.
 */
export function dataOverrides(experiment: Experiment, assignments: readonly string[]): string[] {
  return assignments.flatMap((assignment) => {
    const [, from, to] = /^([^=\s]+)=([^=\s]+)$/.exec(assignment) ?? [];
    if (from === undefined || to === undefined) {
      throw new UserError(`--data ${assignment} names no two datasets`, {
        field: '--data',
        remedy: 'Write it as --data <dataset>=<another>, such as --data imagenet=imagenet-sample.',
      });
    }
    assertKnown('dataset', from, datasetsNeeded(experiment), 'it to the needs of a stage', { field: '--data' });
    const roles = experiment.variants.flatMap(({ stages }) =>
      Object.entries(stages).flatMap(([stage, { needs }]) =>
        Object.keys(needs)
          .filter((role) => needs[role] === `data/${from}`)
          .map((role) => `${stage}.needs.${role}=data/${to}`),
      ),
    );
    return [...new Set(roles)];
  });
}

/** Where the overrides of a command line are written: some of them as the `--data` that stands for them. */
export function commandLinePlace(experiment: Experiment, data: readonly string[]): OverridePlace {
  return (path) => {
    const guilty = data.find((one) => dataOverrides(experiment, [one]).some((word) => word.startsWith(`${path}=`)));
    return guilty === undefined ? onCommandLine(path) : { field: `--data ${guilty}` };
  };
}

interface StructureError extends Error {
  path?: string;
  stage?: string;
  cycle?: string[];
  missing?: string;
  odd?: true;
  field?: string;
}

function explainStructure(error: StructureError, file: string, variant: string, stages: string[]): Error {
  const there = `Stages there are: ${stages.join(', ')}.`;
  if (error.cycle !== undefined) {
    return new UserError(`The stages need each other in a circle: ${error.cycle.join(' -> ')}`, {
      file,
      field: `stages.${error.cycle[0]}.needs`,
      remedy: 'Remove one of these needs.',
    });
  }
  if (error.odd === true) {
    return new UserError(error.message, {
      file,
      field: error.field,
      remedy: `Correct it, or the override of the variant ${variant} that puts it there.`,
    });
  }
  if (error.missing !== undefined) {
    return new UserError(`Unknown stage '${error.missing}'`, {
      file,
      field: error.field,
      remedy: `${there} A dataset is named data/<name>.`,
    });
  }
  if (error.stage !== undefined) {
    return new UserError(`Unknown stage '${error.stage}' in the override '${error.path}'`, {
      file,
      field: `variants.${variant}`,
      remedy: there,
    });
  }
  return error;
}

function checkStructure(workspace: Workspace, file: string, variant: VariantPlan): void {
  // Overrides can bring in keys that the file's own check never saw.
  parseOrExplain(z.record(z.string(), stageSchema), variant.stages, file, 'stages');
  for (const [stage, declaration] of Object.entries<StageDeclaration>(variant.stages)) {
    partFile(workspace, declaration.uses, { file, field: `stages.${stage}.uses` });
    for (const [role, ref] of Object.entries(declaration.needs)) {
      const dataset = datasetOf(ref);
      if (dataset !== undefined) checkDataset(workspace, dataset, file, `stages.${stage}.needs.${role}`);
    }
  }
}

function checkDataset(workspace: Workspace, dataset: string, file: string, field: string): void {
  try {
    datasetFile(workspace, dataset);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.message, { file, field, remedy: error.remedy });
  }
}

/** Throws `UserError` when the experiment has no such variant. */
export function findVariant(experiment: Experiment, variant: string): Variant {
  const names = experiment.variants.map((candidate) => candidate.name);
  assertKnown('variant', variant, names, `it under "variants"`, { file: experiment.file, field: 'variants' });
  return experiment.variants.find((candidate) => candidate.name === variant)!;
}

/**
 * The variants that a name means: that one, or all that overrides have made of it. Throws `UserError` when the experiment has
 * none.
 */
export function variantsCalled(experiment: Experiment, name: string): readonly Variant[] {
  const made = experiment.variants.filter(({ of }) => of === name);
  const isExact = made.length === 0 || made.some((variant) => variant.name === name);
  return isExact ? [findVariant(experiment, name)] : made;
}

/** Throws `UserError` when the experiment has no such stage. */
export function findStage(experiment: Experiment, variant: VariantPlan, stage: string): StageDeclaration {
  assertKnown('stage', stage, variant.order, `it under "stages"`, { file: experiment.file, field: 'stages' });
  return variant.stages[stage]!;
}

/** Names of the datasets that an experiment, or one variant of it, needs, in order of their first mention. */
export function datasetsNeeded({ variants }: Experiment, only?: string): string[] {
  const refs = variants
    .filter(({ name }) => only === undefined || name === only)
    .flatMap((variant) => variant.order.flatMap((stage) => Object.values(variant.stages[stage]!.needs)));
  return [...new Set(refs.map(datasetOf).filter((dataset) => dataset !== undefined))];
}
