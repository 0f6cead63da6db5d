import { comparedStages, stageTarget } from '../declare/expand.mjs';
import { outputs, selfsupCommand } from './target.mjs';
import { shared } from './workspace.mjs';

/** The project of a comparison: its report waits for the stages that it compares, whatever project they belong to. */
export function comparisonProject({ name, root, declared }, workspace) {
  const project = { name: `cmp-${name}`, root, tags: ['comparison'] };
  let needed;
  try {
    needed = comparedTargets(declared, workspace);
  } catch {
    return { ...project, targets: { report: selfsupCommand(`check ${name}`, 'Say what is wrong', { cache: false }) } };
  }
  const experiments = [...new Set(needed.map(({ projects }) => projects[0]))];
  const packages = shared(workspace, ['report', 'kit', 'pipeline']);
  const cache = workspace.artifacts !== undefined;
  // What the experiments say of themselves stands in the report too.
  const inputs = ['{projectRoot}/comparison.json', { input: 'source', projects: [...packages, ...experiments] }];
  const dependsOn = experiments.map((experiment) => ({ projects: [experiment], target: 'check' }));
  return {
    ...project,
    implicitDependencies: [...packages, ...experiments],
    targets: {
      check: selfsupCommand(`check ${name}`, 'Check what is declared', { cache, inputs, dependsOn }),
      report: selfsupCommand(`compare ${name} --as-is`, 'Run what is compared and write the report', {
        cache,
        dependsOn: ['check', ...needed],
        inputs: [...inputs, { dependentTasksOutputFiles: '**/manifest.json' }],
        outputs: outputs(workspace, `compare/${name}`),
      }),
    },
  };
}

/** The targets of other projects that a comparison waits for. Throws where it, or an experiment of it, is broken. */
function comparedTargets({ entries, stages }, workspace) {
  const targets = entries.flatMap(({ experiment, variant: wanted }) => {
    const { variants, seeds } = workspace.experiments.find(({ name }) => name === experiment).plan;
    const compared = variants.filter(({ name }) => wanted === undefined || name === wanted);
    if (compared.length === 0) throw new Error('unknown variant');
    return compared.flatMap((variant) =>
      comparedStages(variant, stages).flatMap((stage) =>
        seeds.map((seed) => ({ projects: [`exp-${experiment}`], target: stageTarget(stage, variant.name, seed) })),
      ),
    );
  });
  return [...new Map(targets.map((target) => [JSON.stringify(target), target])).values()];
}
