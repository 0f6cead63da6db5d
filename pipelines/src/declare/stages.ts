import { join } from 'node:path';
import { datasetStage } from './dataset-stage.ts';
import { datasetOf, withNeeds } from './expand.mjs';
import { findStage, variantsCalled, type Experiment, type Variant } from './experiment.ts';
import { settingsLabels, setWords } from './overrides.ts';
import { partFile, partKind } from './parts.ts';
import { prepareStage } from './prepare-stage.ts';
import type { Places, Stage } from './stage.ts';

/** Which stages of an experiment are meant; all where nothing is said. */
export interface Selection {
  readonly variant?: string | undefined;
  readonly seed?: number | undefined;
  /** Only these stages and what they need. */
  readonly stages?: readonly string[] | undefined;
}

/**
 * The stages of an experiment in their order: each variant and seed, each stage after what it needs; those of datasets are
 * among the needs only. Throws `UserError` for a variant or stage that the experiment does not have.
 */
export function stagesOf(places: Places, experiment: Experiment, { variant, seed, stages }: Selection = {}): Stage[] {
  const chosen = variant === undefined ? experiment.variants : variantsCalled(experiment, variant);
  return chosen.flatMap((plan) => {
    for (const stage of stages ?? []) findStage(experiment, plan, stage);
    return (seed === undefined ? experiment.seeds : [seed]).flatMap((one) => {
      const made = new Map<string, Stage>();
      for (const name of withNeeds(plan, stages)) made.set(name, stageOf(places, experiment, plan, one, name, made));
      return [...made.values()];
    });
  });
}

function stageOf(
  places: Places,
  experiment: Experiment,
  variant: Variant,
  seed: number,
  name: string,
  before: ReadonlyMap<string, Stage>,
): Stage {
  const { workspace, artifacts, dryRunFolder } = places;
  const { uses, needs, config } = variant.stages[name]!;
  const below = [experiment.name, variant.name, `seed-${seed}`, name];
  const words = [experiment.name, name, '--variant', variant.name, '--seed', String(seed)];
  const set = setWords(variant.set);
  return {
    name,
    variant: variant.name,
    seed,
    ref: name,
    uses,
    get kind() {
      return partKind(workspace, uses);
    },
    get root() {
      return partFile(workspace, uses);
    },
    declared: config,
    dryRun: dryRunFolder !== undefined,
    needs: Object.fromEntries(
      Object.entries(needs).map(([role, ref]) => {
        const dataset = datasetOf(ref);
        return [role, dataset === undefined ? before.get(ref)! : datasetStage(places, dataset)];
      }),
    ),
    sharedPhotographs: experiment.sharedPhotographs,
    smallTwin: experiment.about.smallTwin,
    label: `${experiment.name}${variant.name === 'base' ? '' : ` ${variant.name}`} seed ${seed}: ${name}`,
    brief: briefly(experiment.name, variant, `seed ${seed}: ${name}`),
    named: [...words, ...set.flatMap((one) => ['--set', `'${one}'`])].join(' '),
    command: [
      'stage',
      ...words,
      ...set.flatMap((one) => ['--set', one]),
      ...(dryRunFolder === undefined ? [] : ['--dry-run-into', dryRunFolder]),
    ],
    folder: join(artifacts.stages, ...below),
    workFolder: join(artifacts.stages, 'work', ...below),
    store: artifacts.store,
    prepare(session) {
      return prepareStage(session.workspace, experiment.file, this);
    },
  };
}

function briefly(experiment: string, { of, set }: Variant, rest: string): string {
  const settings = Object.keys(set).length === 0 ? [] : settingsLabels([set]);
  return [`${experiment}${of === 'base' ? '' : ` ${of}`} ${rest}`, ...settings].join(', ');
}
