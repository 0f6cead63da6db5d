import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { comparedStages, stageTarget } from '../declare/expand.mjs';
import { readExperimentPlan } from './experiment-plan.mjs';
import { command, outputs, selfsup, shared } from './target.mjs';

/** The project of a comparison: its report waits for the stages that it compares, whatever project they belong to. */
export function comparisonProject(file, workspace) {
  const comparison = basename(dirname(file));
  const project = { name: `cmp-${comparison}`, root: dirname(file), tags: ['comparison'], targets: {} };
  const check = `${selfsup} check ${comparison}`;
  let needed;
  try {
    needed = comparedTargets(file, workspace);
  } catch {
    return { ...project, targets: { report: command(check, { cache: false }) } };
  }
  const experiments = [...new Set(needed.map(({ projects }) => projects[0]))];
  const packages = shared(workspace, ['report', 'kit', 'pipeline']);
  const cache = workspace.artifacts !== undefined;
  // What the experiments say of themselves stands in the report too.
  const inputs = ['{projectRoot}/comparison.json', { input: 'source', projects: [...packages, ...experiments] }];
  const dependsOn = experiments.map((name) => ({ projects: [name], target: 'check' }));
  return {
    ...project,
    implicitDependencies: [...packages, ...experiments],
    targets: {
      check: command(check, { cache, inputs, dependsOn }),
      report: command(`${selfsup} compare ${comparison} --as-is`, {
        cache,
        dependsOn: ['check', ...needed],
        inputs: [...inputs, { dependentTasksOutputFiles: '**/manifest.json' }],
        outputs: outputs(workspace, `compare/${comparison}`),
      }),
    },
  };
}

/** The targets of other projects that a comparison waits for. Throws where it, or an experiment of it, is broken. */
function comparedTargets(file, workspace) {
  const { entries, stages } = JSON.parse(readFileSync(join(workspace.root, file), 'utf8'));
  const targets = entries.flatMap(({ experiment, variant: wanted }) => {
    const place = workspace.experiments.find((one) => basename(dirname(one)) === experiment);
    const { variants, seeds } = readExperimentPlan(place, workspace);
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
