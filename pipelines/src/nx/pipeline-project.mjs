import { packageProject } from './package-project.mjs';
import { selfsupCommand } from './target.mjs';

/** The project `pipeline`: beside its checks one target for each experiment and comparison, by its name. */
export function pipelineProject(workspace) {
  const targets = {};
  for (const { name } of workspace.experiments) targets[name] = experiment(name);
  for (const { name } of workspace.comparisons) {
    targets[`compare-${name}`] = comparison(name);
    // With the name of an experiment too, neither is run: the command line says why.
    targets[name] = Object.hasOwn(targets, name)
      ? selfsupCommand(`check ${name}`, 'Say which two have this name', { cache: false })
      : comparison(name);
  }
  const project = packageProject(workspace.pipelines, workspace);
  return { ...project, targets: { ...targets, ...project.targets } };
}

/** Always run, after all else: looks behind Nx's cache into the store, and its last words are the report's path. */
function experiment(name) {
  return selfsupCommand(`report-path ${name}`, 'Bring the experiment up to date', {
    cache: false,
    parallelism: false,
    dependsOn: [{ projects: [`exp-${name}`], target: 'report' }],
  });
}

function comparison(name) {
  return selfsupCommand(`compare ${name}`, 'Bring the comparison up to date', {
    cache: false,
    parallelism: false,
    dependsOn: [{ projects: [`cmp-${name}`], target: 'report' }],
  });
}
