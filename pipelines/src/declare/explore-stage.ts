import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { datasetRole, networkRole, probeRole, runExplore, trainingDataRole } from '@selfsup/explore/stage';
import { UserError } from '@selfsup/kit/errors';
import type { Experiment } from './experiment.ts';
import { packageEntry, partsOf } from './parts.ts';
import type { Places, Prepared, Stage } from './stage.ts';
import { stagesOf } from './stages.ts';

/** Says in a part's own file that its linear heads are published as the blob `probe`. */
const probeMark = '// @publishes-linear-probes';

/**
 * The stage that makes the page in which the networks of an experiment run: those of each variant, with the first seed, and
 * their linear probes, and test images of the data that is measured on. Undefined where the experiment declares none. Throws
 * `UserError` where it declares one and has no network.
 */
export function exploreStage(places: Places, experiment: Experiment): Stage | undefined {
  const { explore: config, name, about, file } = experiment;
  if (config === undefined) return undefined;
  const { workspace, artifacts } = places;
  const networks = trainedNetworks(places, experiment);
  const dataset = shownDataset(places, experiment);
  if (networks.length === 0 || dataset === undefined) {
    throw new UserError('No stage of this experiment trains a network on a dataset', {
      file,
      field: 'explore',
      remedy: 'Leave it out.',
    });
  }
  const title = { experiment: name, title: about.title };
  return {
    name: 'explore',
    variant: 'base',
    seed: experiment.seeds[0]!,
    ref: 'explore',
    uses: 'explore/page',
    kind: undefined,
    get root() {
      return packageEntry(workspace, 'explore', './stage');
    },
    // Which panels there are, only preparing says.
    declared: undefined,
    keyed: title,
    dryRun: false,
    needs: Object.fromEntries([
      [datasetRole, dataset],
      ...networks.flatMap(({ label, stage, probes }) => [
        [networkRole(label), stage] as const,
        ...Object.values(stage.needs)
          .filter(({ kind }) => kind === 'dataset')
          .map((data) => [trainingDataRole(label), data] as const),
        ...probes.map((probe) => [probeRole(label, probe.name), probe] as const),
      ]),
    ]),
    label: `${name}: explore`,
    named: `${name} explore`,
    command: ['explore', name],
    folder: join(artifacts.stages, name, 'explore'),
    workFolder: join(artifacts.stages, 'work', name, 'explore'),
    store: artifacts.store,
    prepare() {
      const parts = partsOf(workspace, 'explore');
      const panels = parts.map((part) => part.split('/')[1]!);
      const run: Prepared['run'] = (context) => runExplore({ ...context, config }, title, panels);
      return Promise.resolve({ config, identity: config, parts, run });
    },
  };
}

/**
 * The stages that train a network on which no other training builds, by what people call them: the variant, or without
 * variants the task.
 */
function trainedNetworks(
  places: Places,
  experiment: Experiment,
): { label: string; stage: Stage; probes: readonly Stage[] }[] {
  return experiment.variants.flatMap(({ name }) => {
    const all = stagesOfFirstSeed(places, experiment, name);
    const trainings = all.filter(({ kind }) => kind === 'pretraining');
    const before = trainings.flatMap(({ needs }) => Object.values(needs).map((need) => need.name));
    const last = trainings.filter((stage) => !before.includes(stage.name));
    return last.map((stage) => {
      const label = name === 'base' ? stage.uses.split('/')[1]! : name;
      const probes = all.filter((one) => isLinearProbe(one) && standsOn(one, stage.folder));
      return { label: last.length === 1 ? label : `${label} ${stage.name}`, stage, probes };
    });
  });
}

function isLinearProbe({ root, declared }: Stage): boolean {
  return (declared?.['head'] ?? 'linear') === 'linear' && readFileSync(root, 'utf8').includes(probeMark);
}

/** Whether a stage needs what is published in a folder, by whatever stages between. */
function standsOn(stage: Stage, folder: string): boolean {
  return Object.values(stage.needs).some((need) => need.folder === folder || standsOn(need, folder));
}

/** The data that is measured on, or where nothing is measured trained on. */
function shownDataset(places: Places, experiment: Experiment): Stage | undefined {
  const stages = stagesOfFirstSeed(places, experiment, experiment.variants[0]!.name);
  const measured = stages.filter(({ kind }) => kind === 'evaluation');
  return [...measured, ...stages].flatMap(({ needs }) => Object.values(needs)).find(({ kind }) => kind === 'dataset');
}

function stagesOfFirstSeed(places: Places, experiment: Experiment, variant: string): Stage[] {
  return stagesOf(places, experiment, { variant, seed: experiment.seeds[0]! });
}
