import type { Comparison } from './comparison.ts';
import { comparedStages, withNeeds } from './expand.mjs';
import { readExperiment, type Experiment, type OverridePlace } from './experiment.ts';
import { settingsLabels, sweepName, type Overrides } from './overrides.ts';
import type { Workspace } from './workspace.ts';

/** How a sweep is called, and where its overrides are written. */
export interface SweepNames {
  /** Of its report; made of what it is of and of the settings where it is not given. */
  readonly name?: string | undefined;
  readonly title?: string | undefined;
  readonly summary?: string | undefined;
  /** Of the study that names them. */
  readonly file?: string | undefined;
  readonly place?: OverridePlace | undefined;
}

/**
 * The variants that several overrides have made of an experiment, as a comparison: each an entry under its settings, in
 * groups where the experiment declares several variants. `stages` are those that are compared; all where none are named.
 */
export function sweepOfExperiment(
  experiment: Experiment,
  points: readonly Overrides[],
  stages: readonly string[] | undefined,
  { name, title, summary }: SweepNames = {},
): Comparison {
  const labels = settingsLabels(points);
  const several = new Set(experiment.variants.map(({ of }) => of)).size > 1;
  const entries = experiment.variants.map((variant) => {
    const settings = labels[points.indexOf(variant.set)]!;
    return {
      label: several ? `${variant.of}, ${settings}` : settings,
      group: several ? variant.of : undefined,
      experiment,
      variant,
      stages: comparedStages(variant, stages),
    };
  });
  const about = { title: title ?? `${experiment.about.title}: ${points.length} settings`, summary };
  return { name: name ?? sweepName(experiment.name, points), file: experiment.file, about, entries };
}

/** A comparison of which each entry stands as many times as there are overrides. Throws as `readExperiment`. */
export function sweepOfComparison(
  workspace: Workspace,
  comparison: Comparison,
  points: readonly Overrides[],
  { name, title, summary, place }: SweepNames = {},
): Comparison {
  const labels = settingsLabels(points);
  const read = new Map<string, Experiment>();
  const entries = comparison.entries.flatMap((entry) => {
    const of = entry.experiment.name;
    const experiment = read.get(of) ?? readExperiment(workspace, of, points, place);
    read.set(of, experiment);
    return points.map((set, i) => {
      const variant = experiment.variants.find((one) => one.set === set && one.of === entry.variant.name)!;
      const stages = withNeeds(variant, entry.stages);
      return { ...entry, label: `${entry.label}, ${labels[i]}`, experiment, variant, stages };
    });
  });
  const { about } = comparison;
  return {
    ...comparison,
    name: name ?? sweepName(comparison.name, points),
    about: {
      ...about,
      title: title ?? `${about.title}: ${points.length} settings`,
      ...(summary === undefined ? {} : { summary }),
      // None of the entries is the one that a published number is of.
      published: about.published?.map(({ entry: _entry, ...one }) => one),
    },
    entries,
  };
}
