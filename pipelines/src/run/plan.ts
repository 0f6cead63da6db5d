import { resolve } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { readComparison, type Comparison } from '../declare/comparison.ts';
import {
  commandLinePlace,
  dataOverrides,
  findVariant,
  readExperiment,
  type Experiment,
} from '../declare/experiment.ts';
import { kindOf } from '../declare/one-kind.ts';
import { parseGrid, type Overrides } from '../declare/overrides.ts';
import { stagesOf } from '../declare/stages.ts';
import { isStudyFile, readStudy } from '../declare/study.ts';
import { sweepOfComparison, sweepOfExperiment, type SweepNames } from '../declare/sweep.ts';
import { assertKnown, comparisonNames, experimentNames, type Workspace } from '../declare/workspace.ts';
import type { Wanted } from './run-stages.ts';
import type { Session } from './session.ts';

/** What a command line asks for: an experiment, a comparison or a study file, and what of it. */
export interface AskedFor {
  readonly set?: readonly string[] | undefined;
  readonly data?: readonly string[] | undefined;
  readonly variant?: string | undefined;
  readonly seed?: number | undefined;
  readonly stage?: string | undefined;
}

/** What was asked for: which stages, and which report shows them. */
export interface Plan {
  /** For people and for folders: of the experiment, comparison or sweep. */
  readonly name: string;
  /** The experiments whose declarations have to be sound. */
  readonly experiments: readonly Experiment[];
  /** Names of the stages in each variant and seed; all of them where none are named. */
  readonly stages?: readonly string[] | undefined;
  /** The report of one experiment, that of one `--set` variant among its own, or a comparison. */
  readonly report:
    { readonly experiment: Experiment; readonly setVariant?: string | undefined } | { readonly comparison: Comparison };
  /** Whether it has the variants of several overrides. */
  readonly isSweep: boolean;
}

/**
 * Reads what a command line asks for: `--set` with several values, or a study, makes a sweep, whose report is a comparison
 * of its variants. Throws `UserError` naming file and field, or the option that means nothing there.
 */
export function readPlan(workspace: Workspace, name: string, asked: AskedFor): Plan {
  if (isStudyFile(name)) {
    const remedy = 'Leave it out: the file itself says which settings, variants, seeds and stages it is of.';
    refuseOptions(asked, `'${name}' is a study`, { file: resolve(name), remedy });
    return planOfStudy(workspace, resolve(name));
  }
  if (kindOf(workspace, name) === 'comparison') return planOfComparison(workspace, name, asked);
  const base = readExperiment(workspace, name);
  if (asked.variant !== undefined) findVariant(base, asked.variant);
  const { data = [], set = [] } = asked;
  const points = parseGrid([...dataOverrides(base, data), ...set]);
  const place = commandLinePlace(base, data);
  const stages = asked.stage === undefined ? undefined : [asked.stage];
  const variants = asked.variant === undefined ? undefined : [asked.variant];
  const seeds = asked.seed === undefined ? base.seeds : [asked.seed];
  if (points.length > 1) return planOfSweep(workspace, name, points, { variants, seeds, stages }, { place });
  const experiment = chosen(
    points.length === 0 ? base : readExperiment(workspace, name, points, place),
    variants,
    seeds,
  );
  // The report shows all that is declared, whatever is run now.
  const shown = { ...base, seeds: [...new Set([...base.seeds, ...seeds])] };
  const report =
    points.length === 0
      ? { experiment: shown }
      : {
          experiment: { ...shown, variants: [...base.variants, ...experiment.variants] },
          setVariant: experiment.variants[0]!.name,
        };
  return { name, experiments: [experiment], stages, report, isSweep: false };
}

/** The stages of a plan, each after what it needs. Throws `UserError` for a stage that there is not. */
export function wantedOf(session: Session, { experiments, stages, report }: Plan): Wanted {
  const all =
    'comparison' in report
      ? report.comparison.entries.flatMap(({ experiment, variant, stages: compared }) =>
          stagesOf(session, experiment, { variant: variant.name, stages: compared }),
        )
      : experiments.flatMap((experiment) => stagesOf(session, experiment, { stages }));
  return { experiments, stages: [...new Map(all.map((stage) => [stage.folder, stage])).values()] };
}

function planOfComparison(workspace: Workspace, name: string, asked: AskedFor): Plan {
  const comparison = readComparison(workspace, name);
  const of = [...new Set(comparison.entries.map(({ experiment }) => experiment.name))].join(', ');
  const remedy = `Leave it out, or run one of its experiments with it: ${of}.`;
  refuseOptions({ ...asked, set: [] }, `'${name}' is a comparison`, { file: comparison.file, remedy });
  const points = parseGrid(asked.set ?? []);
  return compared(points.length === 0 ? comparison : sweepOfComparison(workspace, comparison, points), points);
}

interface Narrowed {
  readonly variants?: readonly string[] | undefined;
  readonly seeds: readonly number[];
  readonly stages?: readonly string[] | undefined;
}

function planOfSweep(
  workspace: Workspace,
  name: string,
  points: readonly Overrides[],
  { variants, seeds, stages }: Narrowed,
  names: SweepNames = {},
): Plan {
  const experiment = chosen(readExperiment(workspace, name, points, names.place), variants, seeds);
  const known = [...new Set(experiment.variants.flatMap(({ order }) => order))];
  stages?.forEach((stage, i) => {
    const where = names.file === undefined ? { field: '--stage' } : { file: names.file, field: `stages.${i}` };
    assertKnown('stage', stage, known, 'it under "stages"', where);
  });
  return compared(sweepOfExperiment(experiment, points, stages, names), points);
}

function planOfStudy(workspace: Workspace, file: string): Plan {
  const { of, points, place, seeds, variants, stages, about, name: study } = readStudy(file);
  const known = [...experimentNames(workspace), ...comparisonNames(workspace)];
  assertKnown('experiment or comparison', of, known, 'it to the workspace', { file, field: 'of' });
  const name = `${of}-${study}`;
  if (known.includes(name)) {
    throw new UserError(`The report of this study would be called as another: '${name}'`, {
      file,
      remedy: 'Give the file another name.',
    });
  }
  const names = { name, file, place, ...about };
  if (kindOf(workspace, of) === 'comparison') {
    const wrong = Object.entries({ seeds, variants, stages }).find(([, given]) => given !== undefined)?.[0];
    if (wrong !== undefined) {
      throw new UserError(`'${of}' is a comparison, which says itself what its ${wrong} are`, {
        ...{ file, field: wrong },
        remedy: 'Leave it out here.',
      });
    }
    return compared(sweepOfComparison(workspace, readComparison(workspace, of), points, names), points);
  }
  const base = readExperiment(workspace, of);
  const declared = base.variants.map((variant) => variant.name);
  variants?.forEach((one, i) =>
    assertKnown(`variant of ${of}`, one, declared, 'it to that experiment', { file, field: `variants.${i}` }),
  );
  return planOfSweep(workspace, of, points, { variants, seeds: seeds ?? base.seeds, stages }, names);
}

function chosen(experiment: Experiment, variants: readonly string[] | undefined, seeds: readonly number[]): Experiment {
  const some = experiment.variants.filter(({ of }) => variants === undefined || variants.includes(of));
  return { ...experiment, seeds, variants: some };
}

function compared(comparison: Comparison, points: readonly Overrides[]): Plan {
  const experiments = new Set(comparison.entries.map(({ experiment }) => experiment));
  return { name: comparison.name, experiments: [...experiments], report: { comparison }, isSweep: points.length > 0 };
}

/** Throws `UserError` for the first of these options that was given. */
function refuseOptions(asked: AskedFor, since: string, about: { file?: string; remedy: string }): void {
  const { set, data, variant, seed, stage } = asked;
  const named = Object.entries({ set, data, variant, seed, stage });
  const given = named.find(([, value]) => value !== undefined && (value as unknown[]).length !== 0);
  if (given === undefined) return;
  throw new UserError(`${since}, and --${given[0]} is for one experiment`, about);
}
