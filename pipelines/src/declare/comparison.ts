import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { parseOrExplain, readJson } from '@selfsup/kit/parse';
import { publishedEntrySchema } from '@selfsup/report/published';
import { comparedStages } from './expand.mjs';
import { findVariant, readExperiment, type Experiment, type Variant } from './experiment.ts';
import { refuseSameName } from './one-kind.ts';
import { assertKnown, comparisonFile, experimentNames, type Workspace } from './workspace.ts';

const aboutSchema = z.strictObject({
  title: z.string(),
  summary: z.string().optional(),
  command: z.string().optional(),
  time: z.string().optional(),
  published: z
    .array(publishedEntrySchema({ entry: z.string().optional().describe('Label of the entry that it is the same as') }))
    .optional()
    .describe('Published numbers beside those that the experiments name themselves'),
});

const entrySchema = z.strictObject({
  experiment: z.string().describe('Name of the experiment'),
  variant: z.string().optional().describe('One of its variants; all of them where none is named'),
  label: z
    .string()
    .min(1)
    .optional()
    .describe('What the report calls it; by default the names of experiment and variant'),
  group: z
    .string()
    .min(1)
    .optional()
    .describe('Entries of one group share charts, and stand together in tables: such as the method'),
  reference: z
    .boolean()
    .optional()
    .describe('Whether it is drawn in the charts of every group, such as random weights'),
});

/** A `comparison.json`. Strict: unknown keys are errors. */
export const comparisonSchema = z.strictObject({
  $schema: z.string().optional(),
  about: aboutSchema,
  entries: z.array(entrySchema).min(1).describe('What is compared, in the order in which the report shows it'),
  stages: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('The evaluations to compare, with what they need; by default every stage of the experiments'),
});

/** One variant of one experiment under its label. */
export interface ComparisonEntry {
  readonly label: string;
  readonly group?: string | undefined;
  readonly reference?: boolean | undefined;
  readonly experiment: Experiment;
  readonly variant: Variant;
  /** The stages that are compared, each after what it needs. */
  readonly stages: readonly string[];
}

/** A comparison that was read and whose experiments, variants, stages and labels were found to exist. */
export interface Comparison {
  readonly name: string;
  readonly file: string;
  readonly about: z.output<typeof aboutSchema>;
  readonly entries: readonly ComparisonEntry[];
}

/**
 * Reads a comparison and the experiments that it names. Throws `UserError` naming file and field, with the nearest right
 * name for an experiment, variant or stage that does not exist; and where an experiment has the comparison's name.
 */
export function readComparison(workspace: Workspace, name: string): Comparison {
  const file = comparisonFile(workspace, name);
  refuseSameName(workspace, name);
  const { about, entries: declared, stages } = parseOrExplain(comparisonSchema, readJson(file), file);
  const read = new Map<string, Experiment>();
  const entries = declared.flatMap((entry, i) => {
    const field = `entries.${i}`;
    assertKnown('experiment', entry.experiment, experimentNames(workspace), 'it under pipelines/experiments', {
      file,
      field: `${field}.experiment`,
    });
    const experiment = read.get(entry.experiment) ?? readExperiment(workspace, entry.experiment);
    read.set(entry.experiment, experiment);
    return variantsOf(experiment, entry.variant, { file, field: `${field}.variant` }).map(
      (variant): ComparisonEntry => ({
        label: labelOf(entry, variant, experiment.variants.length),
        group: entry.group,
        reference: entry.reference,
        experiment,
        variant,
        stages: comparedStages(variant, stages),
      }),
    );
  });
  refuseSameLabels(entries, file);
  const known = [...new Set(entries.flatMap(({ variant }) => variant.order))];
  stages?.forEach((stage, i) =>
    assertKnown('stage', stage, known, 'it to the experiments', { file, field: `stages.${i}` }),
  );
  const labels = entries.map(({ label }) => label);
  about.published?.forEach(({ entry }, i) => {
    if (entry !== undefined)
      assertKnown('entry', entry, labels, 'it under "entries"', { file, field: `about.published.${i}.entry` });
  });
  return { name, file, about, entries };
}

function variantsOf(
  experiment: Experiment,
  variant: string | undefined,
  where: { file: string; field: string },
): readonly Variant[] {
  if (variant === undefined) return experiment.variants;
  const names = experiment.variants.map(({ name }) => name);
  assertKnown(`variant of ${experiment.name}`, variant, names, 'it to that experiment', where);
  return [findVariant(experiment, variant)];
}

/** Its own label, with the variant where it stands for several; else the names. */
function labelOf(entry: z.output<typeof entrySchema>, variant: Variant, variants: number): string {
  const several = entry.variant === undefined && variants > 1;
  if (entry.label !== undefined) return several ? `${entry.label}, ${variant.name}` : entry.label;
  return variant.name === 'base' ? entry.experiment : `${entry.experiment}, ${variant.name}`;
}

function refuseSameLabels(entries: readonly ComparisonEntry[], file: string): void {
  const labels = entries.map(({ label }) => label);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice === undefined) return;
  throw new UserError(`Two entries are called '${twice}'`, {
    file,
    field: 'entries',
    remedy: 'Give each of them a label of its own, or name an experiment and variant only once.',
  });
}
