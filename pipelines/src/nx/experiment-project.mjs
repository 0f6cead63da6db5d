import { datasetOf, stageTarget } from '../declare/expand.mjs';
import { outputs, selfsupCommand } from './target.mjs';
import { packagesUnder, partsChosen, shared } from './workspace.mjs';

const sharedPackages = ['kit', 'report', 'engine', 'data', 'models', 'trainer', 'tasks', 'eval'];

/** The project of an experiment: a target for each stage, variant and seed, the check before and the report after them. */
export function experimentProject({ name, root, plan }, workspace) {
  const project = { name: `exp-${name}`, root, tags: ['experiment'] };
  if (plan === undefined) {
    // Other projects go on working; whoever runs this one is told what is wrong with it, by the command line.
    return { ...project, targets: { report: selfsupCommand(`check ${name}`, 'Say what is wrong', { cache: false }) } };
  }
  const packages = shared(workspace, sharedPackages);
  const used = new Set();
  const stages = {};
  for (const variant of plan.variants) {
    for (const stage of variant.order) {
      const parts = partsOf(variant, stage, workspace);
      for (const part of parts) used.add(part);
      for (const seed of plan.seeds) {
        stages[stageTarget(stage, variant.name, seed)] = targetOf(
          { experiment: name, variant, stage, seed, parts },
          workspace,
        );
      }
    }
  }
  return {
    ...project,
    implicitDependencies: [...packages, ...used],
    targets: {
      ...stages,
      check: check(name, [...packages, ...used, ...shared(workspace, ['pipeline'])], workspace),
      report: report(name, Object.keys(stages), plan.explore, workspace),
    },
  };
}

/** Parts whose code a stage runs: its own, and the networks of the stages before, which whoever loads a checkpoint rebuilds. */
function partsOf(variant, stage, workspace) {
  const { uses, needs, config } = variant.stages[stage];
  const before = Object.values(needs).filter((ref) => datasetOf(ref) === undefined);
  const networks = partsChosen(workspace, { config: before.map((ref) => variant.stages[ref].config) }, 'network');
  return [...new Set([...partsChosen(workspace, { uses, config }), ...networks])];
}

function targetOf({ experiment, variant, stage, seed, parts }, workspace) {
  const { uses, needs } = variant.stages[stage];
  const projects = [...new Set([...parts, ...packagesUnder(workspace, uses.split('/')[0])])];
  const words = `stage ${experiment} ${stage} --variant ${variant.name} --seed ${seed}`;
  return selfsupCommand(words, `The stage ${stage} (${uses})`, {
    cache: workspace.artifacts !== undefined,
    parallelism: false,
    dependsOn: [
      'check',
      ...Object.values(needs).map((ref) => {
        const dataset = datasetOf(ref);
        return dataset === undefined
          ? stageTarget(ref, variant.name, seed)
          : { projects: [`data-${dataset}`], target: 'ingest' };
      }),
    ],
    inputs: [
      { json: '{projectRoot}/experiment.json', fields: [`stages.${stage}`, `variants.${variant.name}`] },
      { input: 'source', projects },
      { dependentTasksOutputFiles: '**/manifest.json' },
      { env: 'SELFSUP_EXACT' },
      { runtime: 'node pipelines/nx-machine.mjs' },
      ...(workspace.hasLockfile ? [{ externalDependencies: ['@tensorflow/tfjs-node-gpu'] }] : []),
    ],
    outputs: outputs(workspace, `${experiment}/${variant.name}/seed-${seed}/${stage}`),
  });
}

function check(experiment, projects, workspace) {
  return selfsupCommand(`check ${experiment}`, 'Check what is declared', {
    cache: workspace.artifacts !== undefined,
    inputs: ['{projectRoot}/experiment.json', { input: 'source', projects }],
  });
}

function report(experiment, stages, explore, workspace) {
  const page = explore ? pageProjects(workspace) : [];
  return selfsupCommand(`report ${experiment}`, 'Run every stage and write the report', {
    cache: workspace.artifacts !== undefined,
    dependsOn: stages,
    inputs: [
      '{projectRoot}/experiment.json',
      { input: 'source', projects: [...new Set([...shared(workspace, ['report', 'kit', 'pipeline']), ...page])] },
      { dependentTasksOutputFiles: '**/manifest.json' },
    ],
    outputs: outputs(workspace, `${experiment}/report`),
  });
}

/** Whose code makes the page in which the networks run. */
function pageProjects(workspace) {
  const panels = workspace.parts.filter(({ packageName }) => packageName === 'explore').map(({ project }) => project);
  return [...packagesUnder(workspace, 'explore'), ...panels];
}
